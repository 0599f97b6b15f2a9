import { feedKey, Interest, UpstreamFailure, type CaseId } from '#core';
import { connectRedis, Keys, POLL_QUEUE, RedisBroker, RedisConnectionCounts, type RedisClient } from '#redis';
import { FakeUpstream } from '#testing';

import { RedisServer } from '../../../test/harness/processes/redis-server.js';
import { SeededRandom } from '../../../test/harness/seeded-random.js';
import { until } from '../../../test/harness/until.js';
import { ClientChurn } from './client-churn.js';
import { FeedSnapshot } from '../../../test/harness/feed-snapshot.js';
import { everyKey } from './keyspace.js';
import { LiveWorker } from './live-worker.js';
import { MovedClock } from './moved-clock.js';

const SEED = Number(process.env['LONG_LIFE_SEED'] ?? 1);
const STEPS = 480;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** An interest lease is longer than any usual step, and shorter than a standstill. */
const LINGER_MS = 15 * MINUTE_MS;
const STANDSTILL_MS = 120 * MINUTE_MS;
/** After this time everything has ended that nobody wants, minutes. */
const CLEANUP_MINUTES = 120;
const SET_MAX = 10;
const BOUNDS = { historyMaxEvents: 5, historyTtlS: 3600, upstreamMaxCaseIds: SET_MAX, pollIntervalMs: 300 };
const LIFE_MS = BOUNDS.historyTtlS * 1000;
/** Long enough for a busy machine, ms. */
const SETTLE_MS = 60_000;
/** Looks at the sets per sweep. A sweep wakes each set that is due, also if its poll has begun. */
const LOOKS_PER_PASS = 4;
const TEST_MS = 300_000;

const FEEDS = [{ language: 'zh-cn' }, { language: 'en-us' }, { language: 'en-us', groupId: 'night shift' }];
const FEED_KEYS = FEEDS.map(feedKey);
const TICKETS: readonly CaseId[] = Array.from({ length: 150 }, (_, at) => `T${at}`);
/** Refused all day, and wanted all day: in the end they are in quarantine for longer than a feed is listed. */
const FORBIDDEN: readonly CaseId[] = ['forbidden 1', 'forbidden 2'];

const keys = new Keys('p');
const queueKey = `${keys.queuePrefix}:${POLL_QUEUE}`;

/** The only keys that may exist for ever. Their number and sizes are bounded. */
const LASTING = new Map([
  [`${queueKey}:meta`, 'how BullMQ was set up: three fields'],
  [`${queueKey}:id`, "BullMQ's count of jobs: a number"],
  [`${queueKey}:events`, 'what happened in the queue: the last hundred entries, trimmed by the node'],
]);
const EVENTS_BOUND = 300;

/** Keys that Redis itself removes, and after how long at most, ms. */
const EXPIRING: readonly (readonly [RegExp, number])[] = [
  [/^p:\{[^}]+\}:(feed|ages)$/, 2 * LIFE_MS],
  [/^p:\{[^}]+\}:(ticket|history|delivered):[^:]+$/, LIFE_MS],
  [/^p:(answered|workers)$/, 60 * MINUTE_MS],
  [/^p:gateways$/, 10 * MINUTE_MS],
  [/^p:offers$/, MINUTE_MS],
  [/^p:visits:all$/, MINUTE_MS],
  [/^p:connections:[\w-]{43}$/, 60 * MINUTE_MS],
  [/^p:\{quota\}(:waiting|:asking|:unknown)?$/, 60 * MINUTE_MS],
  [/^p:\{queue\}:polls:stalled-check$/, MINUTE_MS],
];

/** Thousands of clients come and go in a day of simulated time. The workers, their queue and Redis are real. */
describe('a day of churn', () => {
  const random = new SeededRandom(SEED);
  const clock = new MovedClock();
  const upstream = new FakeUpstream({ clock });
  const errors: unknown[] = [];
  let server: RedisServer;
  let client: RedisClient;
  let workers: LiveWorker[] = [];
  let churn: ClientChurn;
  /** A gateway whose clients follow the forbidden tickets all day. */
  let permanent: Interest;
  let broker: RedisBroker;
  let counts: RedisConnectionCounts;
  const connections: RedisClient[] = [];

  beforeAll(async () => {
    server = await RedisServer.start();
    const onError = (error: unknown) => void errors.push(error);
    const connect = () => {
      const connection = connectRedis({ redisUrl: server.url, redisPrefix: '' }, 'patient', onError);
      connections.push(connection);
      return connection;
    };
    client = connect();
    const parts = { redisUrl: server.url, keys, clock, upstream, bounds: BOUNDS, onError };
    for (let count = 2; count > 0; count -= 1) workers.push(await LiveWorker.start(parts));
    const { registry, queue } = anyWorker();
    churn = new ClientChurn({ registry, queue, clock }, LINGER_MS, random, FEEDS, TICKETS);
    permanent = new Interest({ registry, queue, clock }, LINGER_MS);
    const subscriber = connect();
    broker = new RedisBroker({ commands: client, subscriber, keys, clock, gateway: 'g', onError }, BOUNDS);
    counts = new RedisConnectionCounts({ commands: client, subscriber, keys, clock });
  });
  // A test that fails stops nothing itself.
  afterAll(async () => {
    await stopWorkers();
    broker.stop();
    connections.forEach((connection) => connection.disconnect());
    await server.dispose();
  });

  it(
    `leaves nothing behind, and keeps sets few and consistent at every step (seed ${SEED})`,
    async () => {
      const startedAt = clock.now();
      FORBIDDEN.forEach((caseId) => upstream.refuse(caseId));
      for (const feed of FEEDS) await permanent.acquire(feed, FORBIDDEN);
      let mostSets = 0;
      for (let step = 0; step < STEPS; step += 1) {
        await joinAndLeave(step);
        await otherEvents();
        const jumpMs = jumpAt(step);
        clock.advance(jumpMs);
        await Promise.all([churn.renew(), permanent.renew()]);
        const sets = jumpMs < MINUTE_MS ? await look() : await settle();
        mostSets = Math.max(mostSets, ...sets.map((feed) => feed.setCount));
      }
      // The day was long and busy enough.
      expect(clock.now() - startedAt).toBeGreaterThan(DAY_MS);
      expect(Math.min(churn.joins, churn.leaves)).toBeGreaterThan(2000);
      expect(mostSets).toBeGreaterThan(5);
      await eachFeed(async (feed) =>
        expect(Number(await client.hget(`${keys.base(feed)}feed`, 'sets'))).toBeGreaterThan(100),
      );

      await everybodyLeaves();
      await until(async () => (await jobs()).length === 0, SETTLE_MS, 'the last job to end');
      await stopWorkers();
      expect(errors).toEqual([]);
      await expectNothingLeft();
    },
    TEST_MS,
  );

  /** The number of clients grows and falls twice in the day. Those of one step come and go at the same time. */
  async function joinAndLeave(step: number): Promise<void> {
    const wanted = 5 + 90 * Math.sin((2 * Math.PI * step) / STEPS) ** 2;
    const moves: Promise<void>[] = [];
    for (let left = random.integer(5, 15); left > 0; left -= 1) {
      moves.push(random.chance(churn.size < wanted ? 0.7 : 0.3) ? churn.join() : churn.leave());
    }
    await Promise.all(moves);
  }

  /**
   * Other events at random: messages, hints, refused tickets, failures, and gateways that read the history of unknown
   * feeds.
   */
  async function otherEvents(): Promise<void> {
    const caseId = random.pick(TICKETS);
    const timeouts = Array.from({ length: 40 }, () => new UpstreamFailure('timeout', 'no answer'));
    const throttled = new UpstreamFailure('throttled', 'too many', 300);
    const subject = `subject ${random.integer(1, 200)}`;
    if (random.chance(0.3)) await counts.renew();
    if (random.chance(0.5)) await counts.add(subject, random.integer(0, 2), 3);
    if (random.chance(0.2)) await counts.set(subject, random.integer(0, 3));
    if (random.chance(0.4)) upstream.post(caseId, { content: `news ${random.next()}` });
    if (random.chance(0.2)) await anyWorker().registry.hint(random.pick(FEED_KEYS), [caseId], clock.now());
    if (random.chance(0.15)) upstream.refuse(caseId);
    if (random.chance(0.1)) upstream.allow(...TICKETS.filter(() => random.chance(0.5)));
    if (random.chance(0.05)) upstream.failNext(...timeouts);
    if (random.chance(0.05)) upstream.failNext(throttled);
    if (random.chance(0.05)) {
      const stranger = feedKey({ language: 'en-us', groupId: `stranger ${random.integer(1, 9)}` });
      await broker.history(stranger, [{ caseId: 'T0', atLeast: 5, after: null }], null);
    }
  }

  function jumpAt(step: number): number {
    if (step % 200 === 150) return STANDSTILL_MS;
    return random.chance(0.5) ? random.integer(50, 3000) : random.integer(1, 12) * MINUTE_MS;
  }

  async function stopWorkers(): Promise<void> {
    const running = workers;
    workers = [];
    await Promise.all(running.map((worker) => worker.stop()));
  }

  function anyWorker(): LiveWorker {
    return random.pick(workers);
  }

  function eachFeed<T>(look: (feed: (typeof FEED_KEYS)[number]) => Promise<T>): Promise<T[]> {
    return Promise.all(FEED_KEYS.map(look));
  }

  /** Reads all feeds, and checks that each wanted ticket is in one set. */
  async function look(): Promise<FeedSnapshot[]> {
    const feeds = await eachFeed((feed) => FeedSnapshot.read(client, keys.base(feed)));
    expect(feeds.flatMap((feed) => feed.faults(SET_MAX))).toEqual([]);
    return feeds;
  }

  /** Sweeps until there is no more than one set beyond the fewest possible. */
  async function settle(): Promise<FeedSnapshot[]> {
    const excesses = (feeds: readonly FeedSnapshot[]) => feeds.map((feed) => feed.excess(SET_MAX));
    let feeds: FeedSnapshot[] = [];
    let looks = 0;
    return until(
      async () => {
        if (looks % LOOKS_PER_PASS === 0) await pass();
        looks += 1;
        feeds = await look();
        return Math.max(...excesses(feeds)) <= 1 && feeds;
      },
      SETTLE_MS,
      () => `sets to be few; beyond the fewest: ${excesses(feeds).join(', ')}`,
    );
  }

  /** What workers do as time passes. */
  async function pass(): Promise<void> {
    await anyWorker().round();
    await anyWorker().wakeDue(FEED_KEYS);
  }

  async function everybodyLeaves(): Promise<void> {
    for (const feed of FEEDS) await permanent.release(feed, FORBIDDEN);
    while (churn.size > 0) await churn.leave();
    for (let minute = 0; minute < CLEANUP_MINUTES; minute += 1) {
      clock.advance(MINUTE_MS);
      await pass();
      await look();
    }
  }

  /** Keys of BullMQ that belong to a job: its hash, its lock, and whatever lists it. */
  async function jobs(): Promise<string[]> {
    const found = await everyKey(client);
    return found.map(({ key }) => key).filter((key) => key.startsWith(`${queueKey}:`) && !isKnown(key));
  }

  function isKnown(key: string): boolean {
    return LASTING.has(key) || EXPIRING.some(([pattern]) => pattern.test(key));
  }

  async function expectNothingLeft(): Promise<void> {
    const found = await everyKey(client);
    const lasting = found.filter(({ expiresInMs }) => expiresInMs === null).map(({ key }) => key);
    expect(lasting.filter((key) => !LASTING.has(key))).toEqual([]);
    expect(await client.xlen(`${queueKey}:events`)).toBeLessThan(EVENTS_BOUND);
    expect(Object.keys(await client.hgetall(`${queueKey}:meta`)).length).toBeLessThan(10);

    const expiring = found.filter(({ expiresInMs }) => expiresInMs !== null);
    const limit = (key: string) => EXPIRING.find(([pattern]) => pattern.test(key))?.[1] ?? 0;
    expect(expiring.filter(({ key, expiresInMs }) => (expiresInMs ?? 0) > limit(key))).toEqual([]);
    // History ends later than interest. So there are keys that the checks above could have found.
    expect(expiring.length).toBeGreaterThan(TICKETS.length);
  }
});
