import { Deadline } from '../edge/deadline.js';
import { Rights } from '../auth/rights.js';
import { FEED, GROUP, heldBack, sessionFixture, settled } from '../../test/session-fixture.js';
import { rights } from '../../test/test-connections.js';

/** Whatever happens to a session, no lease of its tickets is renewed afterwards. */
describe('ClientSession holds nothing any more', () => {
  afterEach(() => void jest.restoreAllMocks());

  type Fixture = ReturnType<typeof sessionFixture>;
  const refused = { name: 'Refusal', code: 'unavailable' };

  it.each<[string, (fixture: Fixture) => Promise<void>]>([
    [
      'after its tickets were unsubscribed',
      async ({ session, subscribe }) => {
        await subscribe(['a', 'b']);
        await session.unsubscribe({ feed: FEED, caseIds: ['b', 'never'] }, new Deadline());
        await session.unsubscribe({ feed: FEED, caseIds: ['a', 'b'] }, new Deadline());
      },
    ],
    [
      'after a subscription that was begun anew ended',
      async ({ session, subscribe }) => {
        await subscribe(['a', 'b']);
        await subscribe(['b', 'c']);
        await subscribe(['a', 'b', 'c']);
        session.end();
      },
    ],
    [
      'after it ended, of any feed',
      async ({ session, subscribe }) => {
        await subscribe(['a']);
        await subscribe(['a', 'b'], GROUP);
        session.end();
        session.end();
      },
    ],
    [
      'when its token has run out',
      async ({ session, subscribe }) => {
        await subscribe(['a']);
        session.check(1000);
      },
    ],
    [
      'when it was too slow',
      async ({ session, subscribe }) => {
        await subscribe(['a']);
        session.tooSlow();
      },
    ],
    [
      'that it may not read any more',
      async ({ session, subscribe }) => {
        await subscribe(['a', 'b']);
        await session.authenticate(
          async () => new Rights('alice', 1000, { cases: ['x'], groups: [], hints: false }),
          new Deadline(),
        );
      },
    ],
    [
      'that it was refused',
      async ({ session, subscribe }) => {
        await expect(subscribe(['a', 'b', 'c', 'd'])).rejects.toMatchObject({ code: 'too_many' });
        await session.authenticate(
          async () => new Rights('alice', 1000, { cases: [], groups: [], hints: false }),
          new Deadline(),
        );
        await expect(subscribe(['a'])).rejects.toMatchObject({ code: 'forbidden' });
      },
    ],
    [
      'after the store refused its interest',
      async ({ store, subscribe }) => {
        jest.spyOn(store.registry, 'want').mockRejectedValueOnce(new Error('out of reach'));
        await expect(subscribe(['a', 'b'])).rejects.toMatchObject(refused);
      },
    ],
    [
      'where the store gave no history, not even of what was live before',
      async ({ store, subscribe }) => {
        await subscribe(['a']);
        jest.spyOn(store.broker, 'watch').mockRejectedValueOnce(new Error('out of reach'));
        await expect(subscribe(['a', 'b'])).rejects.toMatchObject(refused);
      },
    ],
    [
      'when its client left while interest was being acquired',
      async ({ store, session, subscribe }) => {
        const answers = heldBack(store);
        const subscribing = subscribe(['a', 'b']);
        await settled();
        session.end();
        await expect(subscribing).rejects.toMatchObject({ code: 'unavailable' });
        answers.forEach(({ go }) => go());
        await settled();
      },
    ],
    [
      'when its client left while interest was being acquired that is refused then',
      async ({ store, session, subscribe }) => {
        const answers = heldBack(store);
        const subscribing = subscribe(['a', 'b']);
        await settled();
        session.end();
        await expect(subscribing).rejects.toMatchObject({ code: 'unavailable' });
        answers.forEach(({ refuse }) => refuse());
        await settled();
      },
    ],
    [
      'when its client left while more of a feed was being acquired',
      async ({ store, session, subscribe }) => {
        await subscribe(['a']);
        const answers = heldBack(store);
        const subscribing = subscribe(['a', 'b']);
        await settled();
        session.end();
        await expect(subscribing).rejects.toMatchObject({ code: 'unavailable' });
        answers.forEach(({ go }) => go());
        await settled();
      },
    ],
    [
      'when its client left while history was read',
      async ({ store, session, subscribe }) => {
        let proceed = () => {};
        const read = store.broker.history.bind(store.broker);
        jest.spyOn(store.broker, 'history').mockImplementation(async (...args) => {
          await new Promise<void>((resolve) => (proceed = resolve));
          return read(...args);
        });
        const subscribing = subscribe(['a', 'b']);
        await settled();
        session.end();
        await expect(subscribing).rejects.toMatchObject({ code: 'unavailable' });
        proceed();
        await settled();
      },
    ],
    [
      'of a request that was given up because it took too long',
      async ({ store, subscribe }) => {
        jest.useFakeTimers({ doNotFake: ['setImmediate'] });
        const answers = heldBack(store);
        const subscribing = expect(subscribe(['a', 'b'])).rejects.toMatchObject({ code: 'unavailable' });
        await jest.advanceTimersByTimeAsync(5000);
        await subscribing;
        jest.useRealTimers();
        answers.forEach(({ go }) => go());
        await settled();
      },
    ],
    [
      'of requests that waited for their turn when it ended',
      async ({ store, session, subscribe }) => {
        const answers = heldBack(store);
        const all = [subscribe(['a']), subscribe(['b']), subscribe(['c'], GROUP)];
        await settled();
        session.end();
        await Promise.all(all.map((each) => expect(each).rejects.toMatchObject({ code: 'unavailable' })));
        answers.forEach(({ go }) => go());
        await settled();
        expect(answers).toHaveLength(1);
      },
    ],
  ])('%s', async (_, happens) => {
    const made = sessionFixture();
    await happens(made);
    expect(await made.held()).toEqual([]);
    expect(made.counted()).toBe(0);
    for (const caseId of ['a', 'b', 'c']) {
      await made.store.publish(caseId);
    }
    await settled();
    expect(made.contents()).toBe(0);
  });

  it('after it was subscribed to again at once, when all that this needs was in memory', async () => {
    const made = sessionFixture(rights(null));
    await made.subscribe(['a']);
    await made.subscribe(['a']);
    expect(made.counted()).toBe(1);
    made.session.end();
    expect([await made.held(), made.counted()]).toEqual([[], 0]);
  });

  it('of its own, and what another client has is not touched', async () => {
    const made = sessionFixture();
    await made.subscribe(['a']);
    const other = made.another();
    const parameters = { feed: FEED, caseIds: ['b'], from: { kind: 'start' as const }, history: 0 };
    await other.subscribe(parameters, new Deadline(), () => undefined);
    await other.unsubscribe({ feed: FEED, caseIds: ['a', 'b'] }, new Deadline());
    expect(await made.held()).toEqual(['zh-cn a']);
    other.end();
    expect([await made.held(), made.counted()]).toEqual([['zh-cn a'], 1]);
  });
});
