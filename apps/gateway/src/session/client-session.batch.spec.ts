import { Rights } from '../auth/rights.js';
import { Deadline } from '../edge/deadline.js';
import { FEED, GROUP, heldBack, MAX_CASES, sessionFixture, settled } from '../../test/session-fixture.js';
import { rights } from '../../test/test-connections.js';

/** A page may have many components that each subscribe. It sends all their requests at once. */
describe('subscribes that wait together', () => {
  afterEach(() => void jest.restoreAllMocks());

  /** A session whose first subscribe is in progress, and a counter of the history reads that follow. */
  async function busy(past: readonly string[] = [], granted?: Rights) {
    const fixture = sessionFixture(granted);
    for (const caseId of past) await fixture.store.publish(caseId);
    const answers = heldBack(fixture.store);
    const first = fixture.subscribe(['first']);
    await settled();
    return { ...fixture, first, go: () => (jest.mocked(fixture.store.registry.want).mockRestore(), answers[0]?.go()) };
  }

  it('share one replay, and each gets its own acknowledgement', async () => {
    const { subscribe, outlet, first, go, held, counted } = await busy(['a', 'b', 'b', 'c']);
    const waiting = [['a'], ['b', 'a'], ['c']].map((caseIds) => subscribe(caseIds, FEED, 10));
    go();
    await first;
    const ready = (await Promise.all(waiting)).flat();
    expect(ready.map(({ case_ids, replayed }) => [case_ids, replayed])).toEqual([
      [['a'], 1],
      [['b', 'a'], 3],
      [['c'], 1],
    ]);
    expect(new Set(ready.map(({ last_event_id }) => last_event_id)).size).toBe(1);
    expect(outlet.begin).toHaveBeenCalledTimes(2); // One for the first subscribe, one for all others.
    expect(outlet.collectPast).toHaveBeenCalledTimes(4); // Each publication once, although several subscribes ask for it.
    expect((await held()).sort()).toEqual(['zh-cn a', 'zh-cn b', 'zh-cn c', 'zh-cn first']);
    expect(counted()).toBe(4);
  });

  it('keep their order with other requests, and do not share a replay from another position', async () => {
    const { session, subscribe, outlet, first, go, held } = await busy(['a']);
    const done: string[] = [];
    const waiting = [
      subscribe(['a']).then(() => done.push('a')),
      session.unsubscribe({ feed: FEED, caseIds: ['a'] }, new Deadline()).then(() => done.push('not a')),
      subscribe(['b']).then(() => done.push('b')),
      subscribe(['b'], GROUP).then(() => done.push('b of a group')),
      subscribe(['c'], FEED, 1).then(() => done.push('c with history')),
    ];
    go();
    await Promise.all([first, ...waiting]);
    expect(done).toEqual(['a', 'not a', 'b', 'b of a group', 'c with history']);
    expect(outlet.begin).toHaveBeenCalledTimes(5);
    expect((await held()).sort()).toEqual(['zh-cn b', 'zh-cn c', 'zh-cn first', 'zh-cn/g b']);
  });

  it('are refused one by one, without an effect on the others', async () => {
    const { subscribe, first, go, held } = await busy(
      [],
      new Rights('alice', 1000, { cases: ['first', 'ok*'], groups: [], hints: false }),
    );
    const outcomes = Promise.allSettled([['ok1'], ['foreign'], ['ok2', 'ok3'], ['ok4']].map((ids) => subscribe(ids)));
    go();
    await first;
    expect((await outcomes).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect((await held()).sort()).toEqual(['zh-cn first', 'zh-cn ok1', 'zh-cn ok2', 'zh-cn ok3', 'zh-cn ok4']);
  });

  it('are judged by the rights of the token before them in the queue', async () => {
    const { session, subscribe, first, go } = await busy();
    const narrow = new Rights('alice', 1000, { cases: ['first'], groups: [], hints: false });
    const wide = new Rights('alice', 1000, { cases: ['*'], groups: [], hints: false });
    const later = <T>(value: T) => new Promise<T>((resolve) => setTimeout(() => resolve(value), 20));
    const outcomes = Promise.allSettled([
      subscribe(['a']),
      session.authenticate(() => later(narrow), new Deadline()),
      subscribe(['b']),
      session.authenticate(() => later(wide), new Deadline()),
      subscribe(['c']),
    ]);
    go();
    await first;
    const states = (await outcomes).map(({ status }) => status);
    expect(states).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
  });

  it('leave nothing behind if the store fails for all of them', async () => {
    const { store, subscribe, first, go, held, counted } = await busy();
    const outcomes = Promise.allSettled([['a'], ['b']].map((ids) => subscribe(ids)));
    jest.spyOn(store.broker, 'history').mockRejectedValue(new Error('out of reach'));
    go();
    expect((await Promise.allSettled([first]))[0]?.status).toBe('rejected');
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect([await held(), counted()]).toEqual([[], 0]);
  });

  it('share a replay of no more tickets than one of them may have', async () => {
    const { subscribe, outlet, first, go, counted } = await busy();
    const waiting = [
      ['a', 'b'],
      ['c', 'd'],
      ['b', 'e'],
    ].map((caseIds) => subscribe(caseIds));
    go();
    await Promise.all([first, ...waiting]);
    expect(outlet.begin).toHaveBeenCalledTimes(3); // The first one; `a b` with `b e`; `c d`.
    expect(counted()).toBe(6);
  });

  it('have no more tickets together than their connection may hold', async () => {
    const { subscribe, first, go, counted } = await busy([], rights('alice'));
    const most = 10 * MAX_CASES;
    const held = Array.from({ length: most / MAX_CASES - 1 }, (_, at) =>
      subscribe(
        Array.from({ length: MAX_CASES }, (_each, number) => `${at} ${number}`),
        { language: `l-${at}` },
      ),
    );
    const last = Promise.allSettled(['a', 'b', 'c'].map((caseId) => subscribe([caseId], FEED)));
    go();
    await Promise.all([first, ...held]);
    expect((await last).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(counted()).toBe(most);
  });
});
