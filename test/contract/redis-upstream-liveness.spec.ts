import { connectRedis, Keys, RedisUpstreamLiveness, type RedisClient } from '#redis';
import { RedisServer } from '../harness/processes/redis-server.js';

const onError = (error: unknown) => {
  throw error;
};

describe('RedisUpstreamLiveness', () => {
  let server: RedisServer;
  let client: RedisClient;

  beforeAll(async () => {
    server = await RedisServer.start();
    client = connectRedis({ redisUrl: server.url, redisPrefix: '' }, 'impatient', onError);
  });
  afterAll(async () => {
    await client.quit();
    await server.dispose();
  });

  it('tells every worker when the newest request was sent that any of them had answered', async () => {
    const keys = new Keys('test');
    const [one, other] = [
      new RedisUpstreamLiveness(client, keys, onError),
      new RedisUpstreamLiveness(client, keys, onError),
    ];
    expect(await one.newest()).toBe(Number.NEGATIVE_INFINITY);
    one.seen(10_000.5);
    one.seen(9000); // This request was answered late.
    expect([await one.newest(), await other.newest()]).toEqual([10_000.5, 10_000.5]);
    one.seen(10_900); // This is too early to be published.
    expect([await one.newest(), await other.newest()]).toEqual([10_900, 10_000.5]);
    one.seen(11_001);
    expect(await other.newest()).toBe(11_001);
    const left = await client.pttl(keys.answered);
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(3_600_000);
  });
});
