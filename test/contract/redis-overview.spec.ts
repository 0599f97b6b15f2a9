import { feedKey, type SetRef } from '#core';
import { OverviewWatch, type Overview } from '#redis';

import { redisStoreFixture, type RedisStoreFixture } from '../fixtures/redis-store-fixture.js';
import { RedisServer } from '../harness/processes/redis-server.js';
import { until } from '../harness/until.js';

const FEED = feedKey({ language: 'en-us' });
const LIMITS = { maxCaseIds: 2, historyMax: 10, intervalMs: 1000 };
const PATIENCE_MS = 10_000;

/** What processes see of the whole deployment, in a real Redis. */
describe('OverviewWatch', () => {
  let server: RedisServer;
  const fixtures: RedisStoreFixture[] = [];
  const watches: OverviewWatch[] = [];
  const errors: unknown[] = [];
  /** At the end a look may be under way: its connection is closed before its last answer. */
  let isOver = false;

  beforeAll(async () => void (server = await RedisServer.start()));
  afterAll(async () => {
    isOver = true;
    watches.forEach((watch) => watch.stop());
    await Promise.all(fixtures.map((fixture) => fixture.dispose()));
    await server.dispose();
    expect(errors).toEqual([]);
  });

  /** Keys of its own: all of these tests wait for the next look, so they wait at once. */
  async function deployment(): Promise<RedisStoreFixture> {
    const fixture = await redisStoreFixture(server.url, LIMITS, (error) => {
      if (!isOver) throw error;
    });
    fixtures.push(fixture);
    return fixture;
  }

  function watched(fixture: RedisStoreFixture): { readonly seen: Overview[]; readonly watch: OverviewWatch } {
    const { commands: client, keys, clock } = fixture;
    const onError = (error: unknown) => void errors.push(error);
    const watch = new OverviewWatch({ client, keys, clock, maxCaseIds: LIMITS.maxCaseIds, onError });
    const seen: Overview[] = [];
    watches.push(watch);
    watch.watch((overview) => void seen.push(overview));
    return { seen, watch };
  }
  async function answer({ store, clock }: RedisStoreFixture, ref: SetRef): Promise<void> {
    const now = clock.now();
    const begun = await store.begin(ref, now, { owner: 'worker', until: now });
    if (begun.kind !== 'begun') throw new Error('the set is not free');
    const { fence, joining } = begun.set;
    const learned = { cursorHistory: null, answerDigest: null, order: begun.set.order };
    const backfilled = [...joining];
    await store.commit({ ref, fence, now, entries: [], backfilled, learned, due: { active: now, idle: now } });
  }
  const want = ({ registry, clock }: RedisStoreFixture, ...caseIds: string[]) =>
    registry.want(FEED, caseIds, clock.now(), clock.now() + 600_000, 'arrival');
  const last = (seen: readonly Overview[]) => seen.at(-1);

  it.concurrent('sees feeds, sets and tickets, and how old their answers are', async () => {
    const fixture = await deployment();
    const sets = await want(fixture, 'a', 'b', 'c');
    for (const { ref } of sets) await answer(fixture, ref);
    fixture.clock.advance(7000);
    const [{ ref } = { ref: null }] = sets;
    if (sets.length > 1 && ref) await answer(fixture, ref);
    const { seen } = watched(fixture);
    await until(() => seen.length > 0, PATIENCE_MS, 'a look');
    expect(last(seen)).toMatchObject({ feeds: 1, sets: sets.length, tickets: 3, quarantined: 0, floor: 2 });
    expect(last(seen)).toMatchObject({
      stalestSetMs: 7000,
      stalestFeedMs: 0,
      jobs: { waiting: 0, active: 0, delayed: 0 },
    });
    expect(last(seen)?.ages.reduce((sum, count) => sum + count)).toBe(sets.length);
    expect(last(seen)?.ages[3]).toBeGreaterThan(0); // No older than 10 s.
  });

  it.concurrent('counts quarantined tickets apart: they take no part in the fewest requests', async () => {
    const fixture = await deployment();
    const [{ ref } = { ref: null }] = await want(fixture, 'a', 'b');
    await want(fixture, 'c');
    if (ref === null) throw new Error('there is no set');
    const { store, clock } = fixture;
    const begun = await store.begin(ref, clock.now(), { owner: 'worker', until: clock.now() });
    if (begun.kind !== 'begun') throw new Error('the set is not free');
    const { fence } = begun.set;
    await store.recordBisection({ ref, fence, now: clock.now(), bisection: null, quarantined: ['a'] });
    const { seen } = watched(fixture);
    await until(() => seen.length > 0, PATIENCE_MS, 'a look');
    expect(last(seen)).toMatchObject({ tickets: 3, quarantined: 1, floor: 1 });
  });

  it.concurrent('sees that a set without any answer grows older', async () => {
    const fixture = await deployment();
    await want(fixture, 'a');
    const read = jest.spyOn(fixture.commands, 'get');
    const { seen } = watched(fixture);
    await until(() => seen.length > 0, PATIENCE_MS, 'a look');
    expect(last(seen)?.stalestSetMs).toBe(0);
    fixture.clock.advance(5000);
    await until(() => last(seen)?.stalestSetMs === 5000, PATIENCE_MS, 'the next look');
    // It looks itself, as long as nobody else does.
    expect(read.mock.calls.map(([key]) => key)).not.toContain(fixture.keys.overview);
  });

  it.concurrent('is made by one process, and by another one when that has ended', async () => {
    const fixture = await deployment();
    const one = watched(fixture);
    await until(() => one.seen.length > 0, PATIENCE_MS, 'a look');
    const other = watched(fixture);
    await until(() => other.seen.length > 0, PATIENCE_MS, 'the other to read it');
    expect(last(other.seen)).toEqual(last(one.seen));
    one.watch.stop();
    const { at } = last(one.seen) ?? { at: 0 };
    fixture.clock.advance(1);
    await until(() => (last(other.seen)?.at ?? 0) > at, PATIENCE_MS, 'the other one to look');
  });

  it.concurrent('keeps its keys for some minutes at most', async () => {
    const fixture = await deployment();
    const { seen } = watched(fixture);
    await until(() => seen.length > 0, PATIENCE_MS, 'a look');
    const { commands, keys } = fixture;
    await until(async () => (await commands.pttl(keys.overviewClaim)) < 20_000, PATIENCE_MS, 'the claim of the look');
    expect(await commands.pttl(keys.overview)).toBeGreaterThan(0);
    expect(await commands.pttl(keys.overviewClaim)).toBeGreaterThan(0);
  });
});
