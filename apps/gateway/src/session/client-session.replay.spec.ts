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

  it('goes on under other rights that cover its tickets, and ends as forbidden under rights that do not', async () => {
    const rights = (...cases: string[]) => new Rights('alice', 1000, { cases, groups: [], hints: false });
    for (const [other, outcome] of [
      [rights('a', 'b'), [{ replayed: 10 }]],
      [rights('a'), { code: 'forbidden' }],
    ] as const) {
      const { session, subscribe, outlet, store } = await scene();
      outlet.replayPart.mockImplementationOnce(() => (outlet.unsentBytes = 100_000));
      const ready = subscribe(['a', 'b'], FEED, 1000).catch((error: unknown) => error);
      await ticks();
      const before = written(outlet).length;
      session.recheck(() => other);
      outlet.unsentBytes = 0;
      await ticks();
      expect(await ready).toMatchObject(outcome);
      const later = written(outlet).slice(before);
      expect(later.some(({ caseId }) => caseId === 'b')).toBe(!('code' in outcome));
      await store.publish('b');
    }
  });
});
