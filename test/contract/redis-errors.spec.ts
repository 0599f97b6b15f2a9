import { createLogger } from '#ops';
import { connectRedis, type RedisClient } from '#redis';

import { CONFIDENTIAL } from '../harness/log-faults.js';
import { RedisServer } from '../harness/processes/redis-server.js';
import { until } from '../harness/until.js';

const PASSWORD = 'password-of-redis';
const WRONG = 'wrong-password-of-redis';

/** ioredis hangs the command with its arguments on each error: message contents, and the password of `AUTH`. */
describe('what is logged of an error of Redis', () => {
  let server: RedisServer;
  const lines: string[] = [];
  const clients: RedisClient[] = [];
  const logger = createLogger('worker', 'trace', { write: (line: string) => void lines.push(line) });

  beforeAll(async () => {
    server = await RedisServer.start();
    const operator = connectRedis({ redisUrl: server.url, redisPrefix: '' }, 'impatient', () => undefined);
    await operator.config('SET', 'requirepass', PASSWORD);
    operator.disconnect();
  });
  afterAll(async () => {
    clients.forEach((client) => client.disconnect());
    await server.dispose();
  });
  beforeEach(() => lines.splice(0));

  function connect(password: string): RedisClient {
    const redisUrl = server.url.replace('redis://', `redis://:${password}@`);
    const client = connectRedis({ redisUrl, redisPrefix: '' }, 'impatient', (err) => logger.warn({ err }, 'redis'));
    clients.push(client);
    return client;
  }

  it.each<[string, (client: RedisClient) => Promise<unknown>, string]>([
    [
      'it is full',
      async (client) => {
        await client.config('SET', 'maxmemory', '1');
        try {
          await client.eval(`redis.call('SET', KEYS[1], ARGV[1])`, 1, 'pollcast:x', CONFIDENTIAL);
        } finally {
          await client.config('SET', 'maxmemory', '0');
        }
      },
      'OOM',
    ],
    [
      'a value has another type',
      async (client) => {
        await client.set('pollcast:text', 'x');
        await client.rpush('pollcast:text', CONFIDENTIAL);
      },
      'WRONGTYPE',
    ],
    [
      'it does not know the command',
      (client) => client.call('POLLCAST', CONFIDENTIAL, CONFIDENTIAL),
      'unknown command',
    ],
    ['a script fails', (client) => client.eval('return cjson.decode(ARGV[1])', 0, `{${CONFIDENTIAL}}`), 'Expected'],
    [
      'a script throws what it was given',
      (client) => client.eval('return redis.error_reply("ERR no")', 0, CONFIDENTIAL),
      'ERR no',
    ],
  ])('has no content where %s', async (_, work, says) => {
    const failure = await work(connect(PASSWORD)).catch((error: unknown) => error);
    logger.error({ err: failure }, 'failed');
    expect(lines.join('')).toContain(says);
    expect(lines.join('')).not.toContain(CONFIDENTIAL);
  });

  it('has no password where it is the wrong one', async () => {
    connect(WRONG);
    await until(() => lines.some((line) => line.includes('WRONGPASS')), 5000, 'the password to be refused');
    expect(lines.join('')).not.toContain(WRONG);
  });
});
