import { createRegistry, EvictionReport } from '#ops';
import { connectQueue, connectRedis, EvictionWatch, type RedisClient } from '#redis';
import { Worker } from 'bullmq';

import { RedisServer } from '../harness/processes/redis-server.js';
import { until } from '../harness/until.js';

const WAIT_MS = 5000;

describe('a Redis that may evict keys', () => {
  let server: RedisServer;
  let client: RedisClient;

  beforeAll(async () => {
    server = await RedisServer.start();
    client = connectRedis({ redisUrl: server.url, redisPrefix: '' }, 'impatient', () => undefined);
  });
  afterAll(async () => {
    client.disconnect();
    await server.dispose();
  });

  /** The policy that one look finds. */
  const look = async (policy: string) => {
    await client.config('SET', 'maxmemory-policy', policy);
    const watch = new EvictionWatch(client, () => undefined);
    const heard = await new Promise<string | null>((resolve) => watch.watch(resolve));
    watch.stop();
    return heard;
  };

  it.each([
    ['noeviction', null],
    ['allkeys-lru', 'allkeys-lru'],
    ['volatile-ttl', 'volatile-ttl'],
  ])('is found by its policy: %s', async (policy, found) => {
    expect(await look(policy)).toBe(found);
  });

  it('is told by one warning for each change, and by a metric', async () => {
    const registry = createRegistry('worker');
    const warnings: unknown[] = [];
    const report = new EvictionReport(registry, { warn: (fields: unknown) => warnings.push(fields) });
    const metric = async () => /^pollcast_redis_evicting\{[^}]*\} (\d)$/m.exec(await registry.metrics())?.[1];
    report.report(null);
    expect([warnings, await metric()]).toEqual([[], '0']);
    report.report('allkeys-lru');
    report.report('allkeys-lru');
    expect([warnings, await metric()]).toEqual([[{ part: 'redis', policy: 'allkeys-lru' }], '1']);
    report.report(null);
    report.report('allkeys-lru');
    expect(warnings).toHaveLength(2);
  });

  it('makes BullMQ write no lines of its own', async () => {
    await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    const warn = jest.spyOn(console, 'warn').mockReturnValue();
    const connection = connectQueue({ redisUrl: server.url, redisPrefix: '' }, () => undefined);
    const worker = new Worker('queue', async () => undefined, { connection, autorun: true });
    await worker.waitUntilReady();
    await until(
      async () => String(await client.client('LIST')).includes('cmd=bzpopmin'),
      WAIT_MS,
      'the worker to wait',
    );
    expect(warn.mock.calls).toEqual([]);
    warn.mockRestore();
    await worker.close();
    connection.disconnect();
  });
});
