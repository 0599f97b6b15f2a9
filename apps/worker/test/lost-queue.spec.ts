import { feedKey, Interest } from '#core';
import { connectRedis, Keys, type RedisClient } from '#redis';
import { FakeUpstream } from '#testing';

import { RedisServer } from '../../../test/harness/processes/redis-server.js';
import { until } from '../../../test/harness/until.js';
import { LiveWorker } from './live-worker.js';
import { MovedClock } from './moved-clock.js';

const MINUTE_MS = 60_000;
const PATIENCE_MS = 15_000;
/** Two sets each. */
const FEEDS = Array.from({ length: 8 }, (_, at) => ({ language: 'en-us', groupId: `G${at}` }));
const SETS = 2 * FEEDS.length;
const TICKETS = ['a', 'b', 'c'];

/** Two workers, and sets that are polled once a minute: none is late. Rounds are run by hand. */
describe('the poll queue, lost while no set is late', () => {
  let server: RedisServer;
  let client: RedisClient;
  let keys: Keys;
  let clock: MovedClock;
  let upstream: FakeUpstream;
  let workers: LiveWorker[];
  let errors: unknown[];

  beforeAll(async () => void (server = await RedisServer.start()));
  afterAll(() => server.dispose());
  beforeEach(async () => {
    [clock, errors, workers] = [new MovedClock(), [], []];
    keys = new Keys(`p${Math.random()}`);
    upstream = new FakeUpstream({ clock });
    client = connectRedis({ redisUrl: server.url, redisPrefix: '' }, 'patient', onError);
    for (let at = 0; at < 2; at += 1) {
      workers.push(
        await LiveWorker.start({
          ...{ redisUrl: server.url, keys, clock, upstream, onError },
          bounds: { historyMaxEvents: 10, historyTtlS: 3600, upstreamMaxCaseIds: 2, pollIntervalMs: MINUTE_MS },
        }),
      );
    }
    const [{ registry, queue }] = workers as [LiveWorker];
    const interest = new Interest({ registry, queue, clock }, 10 * MINUTE_MS);
    for (const feed of FEEDS) await interest.acquire(feed, TICKETS);
    clock.advance(2 * MINUTE_MS);
    await workers[0]?.wakeDue(FEEDS.map(feedKey));
    await until(async () => (await polled()) === SETS, PATIENCE_MS, 'all sets to be polled');
    await rounds();
  });
  afterEach(async () => {
    await Promise.all(workers.map((worker) => worker.stop()));
    client.disconnect();
    expect(errors).toEqual([]);
  });

  const onError = (error: unknown) => void errors.push(error);
  const polled = async () => {
    const found = FEEDS.flatMap((feed) =>
      [1, 2].map((id) => client.hexists(`${keys.base(feedKey(feed))}set:${id}`, 'answered')),
    );
    return (await Promise.all(found)).reduce((sum, one) => sum + one, 0);
  };
  const rounds = async () => {
    for (const worker of workers) await worker.round();
  };
  const lost = () => workers.reduce((sum, worker) => sum + worker.lostJobs, 0);
  const jobs = async () => {
    const found = await client.keys(`${keys.queuePrefix}:polls:*/*`.replace(/[{}]/g, '?'));
    return found.filter((key) => !key.endsWith(':lock')).length;
  };

  it('has all of its jobs again after two rounds, and tells how many were lost', async () => {
    await client.del(...(await client.keys(`${keys.queuePrefix}:*`.replace(/[{}]/g, '?'))));
    await rounds();
    expect([await jobs(), lost()]).toEqual([0, 0]);
    await rounds();
    expect([await jobs(), lost()]).toEqual([SETS, SETS]);
    await rounds();
    expect(lost()).toBe(SETS);
  });

  it('tells of nothing where sets have ended, and their jobs with them', async () => {
    const feed = feedKey(FEEDS[0] as (typeof FEEDS)[number]);
    const [{ registry, queue }] = workers as [LiveWorker];
    await client.zadd(`${keys.base(feed)}interest`, ...TICKETS.flatMap((ticket) => [clock.now() - 1, ticket]));
    await registry.sweep(feed, clock.now());
    await queue.wake([1, 2].map((id) => ({ ref: { feed, id }, at: clock.now() })));
    await until(async () => (await jobs()) === SETS - 2, PATIENCE_MS, 'the jobs of the ended sets to end');
    for (let round = 0; round < 3; round += 1) await rounds();
    expect(await client.exists(keys.visitsOfAll)).toBe(1);
    expect([await jobs(), lost()]).toEqual([SETS - 2, 0]);
  });
});
