import { connectRedis, Keys, PRESENT_MS, WorkerPresence, type RedisClient } from '#redis';

import { RedisServer } from '../harness/processes/redis-server.js';

const NOW = 1_750_000_000_000;

/** What workers know of each other, in a real Redis. */
describe('the presence of workers', () => {
  const keys = new Keys('p');
  let server: RedisServer;
  let client: RedisClient;
  let a: WorkerPresence;
  let b: WorkerPresence;

  beforeAll(async () => {
    server = await RedisServer.start();
    client = connectRedis({ redisUrl: server.url, redisPrefix: '' }, 'patient', () => undefined);
  });
  beforeEach(async () => {
    await client.flushall();
    [a, b] = [new WorkerPresence(client, keys, 'a'), new WorkerPresence(client, keys, 'b')];
  });
  afterAll(async () => {
    client.disconnect();
    await server.dispose();
  });

  it('is told to all, in one order, with what each can poll', async () => {
    expect(await b.exchange(NOW, 7)).toEqual([{ id: 'b', limit: 7 }]);
    const both = [
      { id: 'a', limit: null },
      { id: 'b', limit: 7 },
    ];
    expect([await a.exchange(NOW, null), await b.exchange(NOW, 7)]).toEqual([both, both]);
  });

  it('ends when a worker leaves, and some seconds after one was killed or froze', async () => {
    await Promise.all([a.exchange(NOW, null), b.exchange(NOW, null)]);
    expect(await a.exchange(NOW + PRESENT_MS, null)).toHaveLength(2);
    expect(await a.exchange(NOW + PRESENT_MS + 1, null)).toEqual([{ id: 'a', limit: null }]);
    expect(await b.exchange(NOW + PRESENT_MS + 1, null)).toHaveLength(2);
    await b.leave();
    expect(await a.exchange(NOW + PRESENT_MS + 2, null)).toHaveLength(1);
  });

  it('leaves nothing for ever', async () => {
    await Promise.all([a.exchange(NOW, null), b.exchange(NOW, null)]);
    await a.exchange(NOW + 60_001, null);
    expect(Object.keys(await client.hgetall(keys.workers))).toEqual(['a']);
    expect(await client.pttl(keys.workers)).toBeGreaterThan(3_500_000);
  });
});
