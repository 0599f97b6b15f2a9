import { ManualClock } from '#testing';
import { feedKey, type FeedKey } from '../model/feed.js';
import { NOT_POLLED_AFTER_MS, PollingWatch } from './polling-watch.js';

const FEED = feedKey({ language: 'en-us' });
const OTHER = feedKey({ language: 'zh-cn' });

describe('PollingWatch', () => {
  let clock: ManualClock;
  let awaited: FeedKey[];
  let due: Map<FeedKey, number | null>;
  let broken: boolean;
  let told: (readonly [FeedKey, number | null])[];
  let asked: FeedKey[];
  let watch: PollingWatch;
  beforeEach(() => {
    clock = new ManualClock();
    awaited = [FEED];
    due = new Map();
    broken = false;
    told = [];
    asked = [];
    const feeds = {
      awaitedFeeds: () => awaited,
      pollingChanged: (feed: FeedKey, since: number | null) => void told.push([feed, since]),
    };
    const earliestDue = async (feed: FeedKey) => {
      asked.push(feed);
      if (broken) throw new Error('the store is out of reach');
      return due.get(feed) ?? null;
    };
    watch = new PollingWatch(feeds, { earliestDue }, clock);
  });

  const pass = async (ms: number) => {
    clock.advance(ms);
    await watch.check();
  };

  it('reports nothing of a feed that is polled in time, or a little late', async () => {
    for (const late of [-5000, 0, 1000, NOT_POLLED_AFTER_MS - 1]) {
      due.set(FEED, clock.now() - late);
      await watch.check();
    }
    expect([told, watch.stalledCount]).toEqual([[], 0]);
  });

  it('reports once that a due time stays in the past, and once that it moves again', async () => {
    const dueAt = clock.now();
    due.set(FEED, dueAt);
    await pass(NOT_POLLED_AFTER_MS - 1);
    expect(told).toEqual([]);
    await pass(1);
    await pass(1000);
    expect([told, watch.stalledCount]).toEqual([[[FEED, dueAt]], 1]);

    due.set(FEED, clock.now() + 1000);
    await pass(1);
    await pass(1);
    expect([told.slice(1), watch.stalledCount]).toEqual([[[FEED, null]], 0]);
  });

  it.each([
    ['has no sets any more', () => due.clear()],
    ['is out of reach with its store', () => (broken = true)],
  ])('tells of a feed that %s, for as long as its clients wait', async (_, happens) => {
    due.set(FEED, clock.now() + 1000);
    await watch.check();
    due.set(FEED, clock.now() + 60_000);
    await pass(60_000);
    const seenAt = clock.now();
    happens();
    await pass(NOT_POLLED_AFTER_MS - 1);
    expect(told).toEqual([]);
    await pass(1);
    expect(told).toEqual([[FEED, seenAt]]);
  });

  it('waits as long for a feed that is new in this gateway', async () => {
    await watch.check();
    await pass(NOT_POLLED_AFTER_MS - 1);
    expect(told).toEqual([]);
  });

  it('forgets feeds that no client waits for', async () => {
    due.set(FEED, clock.now() - NOT_POLLED_AFTER_MS).set(OTHER, clock.now());
    awaited = [FEED, OTHER];
    await watch.check();
    awaited = [OTHER];
    await watch.check();
    expect([told.map(([feed, since]) => [feed, since === null]), watch.stalledCount]).toEqual([
      [
        [FEED, false],
        [FEED, true],
      ],
      0,
    ]);
  });

  it('looks at no more than 500 feeds in one check, and at the others in the next', async () => {
    awaited = Array.from({ length: 700 }, (_, at) => feedKey({ language: 'en-us', groupId: `g${at}` }));
    await watch.check();
    expect(asked).toHaveLength(500);
    await watch.check();
    expect(new Set(asked).size).toBe(700);
    await watch.check();
    expect(asked).toHaveLength(1200);
  });

  it('gives a feed that is awaited again all of its time, whenever it was polled last', async () => {
    due.set(FEED, 1_000_000_000_000_000);
    await pass(0);
    awaited = [];
    await pass(NOT_POLLED_AFTER_MS);
    [awaited, due] = [[FEED], new Map()];
    await pass(0);
    await pass(NOT_POLLED_AFTER_MS - 1);
    expect(told).toEqual([]);
    await pass(1);
    expect(told).toHaveLength(1);
  });
});
