import { Rights } from '../auth/rights.js';
import { Deadline } from '../edge/deadline.js';
import type { fakeOutlet } from '../../test/test-connections.js';
import { FEED, sessionFixture, settled } from '../../test/session-fixture.js';

/** A replay that is longer than one slice. */
describe('a long replay', () => {
  afterEach(() => {
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  /** Ten messages of two tickets. */
  async function scene() {
    const fixture = sessionFixture(undefined, { wholeMax: 2, wholeMaxBytes: 1000, sliceMax: 3, sliceMaxBytes: 1000 });
    for (let count = 0; count < 5; count += 1) {
      await fixture.store.publish('a');
      await fixture.store.publish('b');
    }
    const outlet = fixture.outlet as typeof fixture.outlet & { unsentBytes: number };
    return { ...fixture, outlet };
  }
  const ticks = async (count = 50) => {
    for (let left = count; left > 0; left -= 1) await settled();
  };

  /** What was written in parts. */
  const written = (outlet: ReturnType<typeof fakeOutlet>) =>
    outlet.replayPart.mock.calls.flatMap(([publications]) => publications);

  it('R12: is written part by part, then acknowledged with the number of all of its events', async () => {
    const { subscribe, outlet } = await scene();
    expect(await subscribe(['a', 'b'], FEED, 1000)).toMatchObject([{ replayed: 10, recovered: false }]);
    expect(outlet.collect.mock.calls.length + written(outlet).length).toBe(10);
    expect(outlet.begin.mock.calls.length).toBeGreaterThan(3);
    expect(outlet.begin.mock.calls.length).toBe(outlet.settle.mock.calls.length);
  });

  it('is counted for each subscribe that shares it', async () => {
    const { session, subscribe } = await scene();
    const first = session.authenticate(
      () => new Promise((resolve) => setTimeout(resolve, 5, undefined)),
      new Deadline(),
    );
    const both = Promise.all([subscribe(['a'], FEED, 1000), subscribe(['a', 'b'], FEED, 1000)]);
    await first.catch(() => undefined);
    expect((await both).flat().map(({ replayed }) => replayed)).toEqual([5, 10]);
  });

  it('P3: waits for its client to read, without an end of time, and reads no more from the store meanwhile', async () => {
    const { store, subscribe, outlet } = await scene();
    const slices = jest.spyOn(store.broker, 'slice');
    outlet.replayPart.mockImplementationOnce(() => (outlet.unsentBytes = 100_000));
    const ready = subscribe(['a', 'b'], FEED, 1000);
    await ticks();
    const before = slices.mock.calls.length;
    expect(before).toBeGreaterThan(0);
    expect(written(outlet).length).toBeLessThanOrEqual(3);
    await ticks();
    expect(slices).toHaveBeenCalledTimes(before);
    outlet.unsentBytes = 0;
    expect(await ready).toMatchObject([{ replayed: 10 }]);
  });

  it('X3: has five seconds for its first part only', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'performance'] });
    const { subscribe, outlet } = await scene();
    outlet.replayPart.mockImplementationOnce(() => (outlet.unsentBytes = 100_000));
    const ready = subscribe(['a', 'b'], FEED, 1000);
    await ticks();
    await jest.advanceTimersByTimeAsync(6000);
    outlet.unsentBytes = 0;
    await ticks();
    expect(await ready).toMatchObject([{ replayed: 10 }]);
  });

  it('ends as slow_consumer if its client does not read for ten seconds', async () => {
    const { subscribe, outlet, held } = await scene();
    const now = jest.spyOn(performance, 'now');
    outlet.replayPart.mockImplementationOnce(() => (outlet.unsentBytes = 100_000));
    const ready = subscribe(['a', 'b'], FEED, 1000);
    const refused = expect(ready).rejects.toMatchObject({ code: 'unavailable' });
    await ticks();
    expect(outlet.close).not.toHaveBeenCalled();
    const at = performance.now();
    now.mockImplementation(() => at + 10_000);
    await ticks();
    await refused;
    expect(outlet.close.mock.calls).toMatchObject([[{ reason: 'slow_consumer' }]]);
    const before = written(outlet).length;
    await ticks();
    expect(written(outlet)).toHaveLength(before);
    expect(await held()).toEqual([]);
  });

  it('is not written any more after its client left', async () => {
    const { session, subscribe, outlet } = await scene();
    outlet.replayPart.mockImplementationOnce(() => (outlet.unsentBytes = 100_000));
    const ready = subscribe(['a', 'b'], FEED, 1000).catch(() => undefined);
    await ticks();
    const before = written(outlet).length;
    session.end();
    outlet.unsentBytes = 0;
    await ticks();
    await ready;
    expect(written(outlet)).toHaveLength(before);
  });

  const rights = (...cases: string[]) => new Rights('alice', 1000, { cases, groups: [], hints: false });

  it.each([
    ['goes on with all of its tickets', rights('a', 'b'), [{ replayed: 10, case_ids: ['a', 'b'] }]],
    ['goes on with the tickets that are left (A10)', rights('a'), [{ case_ids: ['a'], recovered: false }]],
    ['ends as forbidden if none is left (A10)', rights('c'), { code: 'forbidden' }],
  ])('under other rights it %s', async (_, other, outcome) => {
    const { session, subscribe, outlet, store, contents } = await scene();
    outlet.replayPart.mockImplementationOnce(() => (outlet.unsentBytes = 100_000));
    const ready = subscribe(['a', 'b'], FEED, 1000).catch((error: unknown) => error);
    await ticks();
    const before = written(outlet).length;
    session.recheck(() => other);
    outlet.unsentBytes = 0;
    await ticks();
    const answer = await ready;
    expect(answer).toMatchObject(outcome);
    const mayRead = (caseId: string) => !other.isRefused(FEED, caseId);
    const replayed = written(outlet);
    expect(replayed.slice(before).every(({ caseId }) => mayRead(caseId))).toBe(true);
    if (Array.isArray(answer)) {
      expect(answer).toMatchObject([{ replayed: replayed.length }]);
      expect(replayed.filter(({ caseId }) => caseId === 'a')).toHaveLength(5);
    }
    const notified = outlet.notify.mock.calls.filter(([{ event }]) => event === 'revoked');
    expect(notified.flatMap(([{ data }]) => (data as { case_ids: string[] }).case_ids)).toEqual(
      ['a', 'b'].filter((caseId) => !mayRead(caseId)),
    );
    const delivered = contents();
    await store.publish('b');
    await ticks(2);
    expect(contents() - delivered).toBe(mayRead('b') && mayRead('a') ? 1 : 0);
  });

  it('A10: is acknowledged to those that share it with the tickets that are left to each', async () => {
    const { session, subscribe, outlet } = await scene();
    const first = session.authenticate(
      () => new Promise((resolve) => setTimeout(resolve, 5, undefined)),
      new Deadline(),
    );
    outlet.replayPart.mockImplementationOnce(() => (outlet.unsentBytes = 100_000));
    const asked = (...caseIds: string[]) => subscribe(caseIds, FEED, 1000).catch((error: unknown) => error);
    const all = Promise.all([asked('a', 'b'), asked('b'), asked('a')]);
    await first.catch(() => undefined);
    await ticks();
    session.recheck(() => rights('a'));
    outlet.unsentBytes = 0;
    expect(await all).toMatchObject([[{ case_ids: ['a'] }], { code: 'forbidden' }, [{ case_ids: ['a'], replayed: 5 }]]);
  });
});
