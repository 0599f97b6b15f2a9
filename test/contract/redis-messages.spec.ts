import type { Redis } from 'ioredis';

import { connectRedis, readMessages } from '#redis';
import { RedisServer } from '../harness/processes/redis-server.js';
import { until } from '../harness/until.js';

/** What ioredis reads of a connection on which messages are read from its bytes. */
describe('the reader of messages', () => {
  let server: RedisServer;
  const clients: Redis[] = [];
  beforeAll(async () => void (server = await RedisServer.start()));
  afterEach(() => clients.splice(0).forEach((client) => client.disconnect()));
  afterAll(() => server.dispose());

  /** @param protocol the newest one that this Redis is asked for */
  function connect(protocol: 2 | 3 = 3): { client: Redis; heard: string[]; byIoredis: string[] } {
    const settings = { redisUrl: server.url, redisPrefix: 'test' };
    const client = connectRedis(settings, 'patient', () => undefined, { protocol }) as Redis;
    clients.push(client);
    readMessages(client);
    const heard: string[] = [];
    const byIoredis: string[] = [];
    client.on('message', (channel: string, text: string) => void heard.push(`${channel} ${text}`));
    client.on('messageBuffer', (channel: Buffer) => void byIoredis.push(channel.toString()));
    return { client, heard, byIoredis };
  }

  it('hears them in place of ioredis, which reads everything else', async () => {
    const { client, heard, byIoredis } = connect();
    const sender = connect().client;
    expect(await client.subscribe('news', 'ü')).toBe(2);
    const long = 'x'.repeat(300_000);
    await Promise.all([sender.publish('news', 'a b'), sender.publish('ü', long), sender.publish('news', '')]);
    expect(await client.ping()).toBe('PONG');
    await until(() => heard.length === 3);
    expect(heard).toEqual(['news a b', `ü ${long}`, 'news ']);
    expect(await client.unsubscribe('ü')).toBe(1);
    expect(byIoredis).toEqual([]);
  });

  it('hears them again after the connection was lost', async () => {
    const { client, heard, byIoredis } = connect();
    const sender = connect().client;
    await client.subscribe('news');
    client.stream.destroy();
    await until(() => client.status === 'ready');
    await client.subscribe('news');
    await sender.publish('news', 'again');
    await until(() => heard.length > 0);
    expect([heard, byIoredis]).toEqual([['news again'], []]);
  });

  it('goes on when a listener throws', async () => {
    const { client, heard } = connect();
    const sender = connect().client;
    const thrown: string[] = [];
    const nextTick = process.nextTick.bind(process);
    const ticks = jest.spyOn(process, 'nextTick').mockImplementation((run, ...args: unknown[]) =>
      nextTick(() => {
        try {
          (run as (...given: unknown[]) => void)(...args);
        } catch (error) {
          thrown.push((error as Error).message);
        }
      }),
    );
    try {
      client.prependListener('message', (_, text) => {
        if (text === '1') {
          throw new Error('not understood');
        }
      });
      await client.subscribe('news');
      await Promise.all(['1', '2'].map((text) => sender.publish('news', text)));
      await until(() => heard.length > 0 && thrown.length > 0);
      expect([heard, thrown]).toEqual([['news 2'], ['not understood']]);
    } finally {
      ticks.mockRestore();
    }
  });

  it('leaves them to ioredis with RESP2', async () => {
    const { client, heard, byIoredis } = connect(2);
    const sender = connect().client;
    await client.subscribe('news');
    await sender.publish('news', 'a');
    await until(() => heard.length > 0);
    expect([heard, byIoredis]).toEqual([['news a'], ['news']]);
  });
});
