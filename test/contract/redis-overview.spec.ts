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
  let fixture: RedisStoreFixture;
  let watches: OverviewWatch[];
  const errors: unknown[] = [];

  beforeAll(async () => void (server = await RedisServer.start()));
  afterAll(() => server.dispose());
  beforeEach(async () => {
    errors.length = 0;
    watches = [];
    fixture = await redisStoreFixture(server.url, LIMITS);
  });
  afterEach(async () => {
    watches.forEach((watch) => watch.stop());
    await fixture.dispose();
    expect(errors).toEqual([]);
  });

  function watched(): { readonly seen: Overview[]; readonly watch: OverviewWatch } {
    const { commands: client, keys, clock } = fixture;
    const onError = (error: unknown) => void errors.push(error);
    const watch = new OverviewWatch({ client, keys, clock, maxCaseIds: LIMITS.maxCaseIds, onError });
    const seen: Overview[] = [];
    watches.push(watch);
    watch.watch((overview) => void seen.push(overview));
    return { seen, watch };
  }
  async function answer(ref: SetRef): Promise<void> {
    const { store, clock } = fixture;
    const now = clock.now();
    const begun = await store.begin(ref, now, { owner: 'worker', until: now });
    if (begun.kind !== 'begun') throw new Error('the set is not free');
    const { fence, joining } = begun.set;
    const learned = { cursorHistory: null, answerDigest: null, order: begun.set.order };
    const backfilled = [...joining];
    await store.commit({ ref, fence, now, entries: [], backfilled, learned, due: { active: now, idle: now } });
  }
  const want = (...caseIds: string[]) =>
    fixture.registry.want(FEED, caseIds, fixture.clock.now(), fixture.clock.now() + 600_000, 'arrival');
  const last = (seen: readonly Overview[]) => seen.at(-1);

  it('sees feeds, sets and tickets, and how old their answers are', async () => {
    const sets = await want('a', 'b', 'c');
    for (const { ref } of sets) await answer(ref);
    fixture.clock.advance(7000);
    const [{ ref } = { ref: null }] = sets;
    if (sets.length > 1 && ref) await answer(ref);
    const { seen } = watched();
    await until(() => seen.length > 0, PATIENCE_MS, 'a look');
    expect(last(seen)).toMatchObject({ feeds: 1, sets: sets.length, tickets: 3, quarantined: 0, floor: 2 });
    expect(last(seen)).toMatchObject({ stalestSetMs: 7000, jobs: { waiting: 0, active: 0, delayed: 0 } });
    expect(last(seen)?.ages.reduce((sum, count) => sum + count)).toBe(sets.length);
    expect(last(seen)?.ages[3]).toBeGreaterThan(0); // No older than 10 s.
  });

  it('sees that a set without any answer grows older', async () => {
    await want('a');
    const { seen } = watched();
    await until(() => seen.length > 0, PATIENCE_MS, 'a look');
    expect(last(seen)?.stalestSetMs).toBe(0);
    fixture.clock.advance(5000);
    await until(() => last(seen)?.stalestSetMs === 5000, PATIENCE_MS, 'the next look');
  });

  it('is made by one process, and by another one when that has ended', async () => {
    const one = watched();
    await until(() => one.seen.length > 0, PATIENCE_MS, 'a look');
    const other = watched();
    await until(() => other.seen.length > 0, PATIENCE_MS, 'the other to read it');
    expect(last(other.seen)).toEqual(last(one.seen));
    one.watch.stop();
    const { at } = last(one.seen) ?? { at: 0 };
    fixture.clock.advance(1);
    await until(() => (last(other.seen)?.at ?? 0) > at, PATIENCE_MS, 'the other one to look');
  });

  it('keeps its keys for some minutes at most', async () => {
    const { seen } = watched();
    await until(() => seen.length > 0, PATIENCE_MS, 'a look');
    const { commands, keys } = fixture;
    await until(async () => (await commands.pttl(keys.overviewClaim)) < 20_000, PATIENCE_MS, 'the claim of the look');
    expect(await commands.pttl(keys.overview)).toBeGreaterThan(0);
    expect(await commands.pttl(keys.overviewClaim)).toBeGreaterThan(0);
  });
});
