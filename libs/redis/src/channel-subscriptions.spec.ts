import { EventEmitter } from 'node:events';

import { parts, subscribed } from './channel-subscriptions.js';
import type { RedisClient } from './connection.js';

describe('a channel of a connection that is kept subscribed', () => {
  const subscribe = jest.fn<Promise<number>, [string]>();
  const heard: string[] = [];
  const hear = (channel: string, text: string) => void heard.push(`${channel} ${text}`);
  let connection: EventEmitter;
  const listen = () => subscribed(Object.assign(connection, { subscribe }) as unknown as RedisClient, 'news', hear);
  beforeEach(() => {
    heard.length = 0;
    connection = new EventEmitter();
    subscribe.mockReset().mockResolvedValue(1);
  });

  it('is heard once, however often somebody begins to listen', async () => {
    await listen();
    await listen();
    connection.emit('message', 'news', 'a');
    expect(heard).toEqual(['news a']);
  });

  it('hears what arrives before Redis has confirmed', async () => {
    subscribe.mockImplementationOnce(async (channel) => {
      connection.emit('message', channel, 'early');
      return 1;
    });
    await listen();
    expect(heard).toEqual(['news early']);
  });

  it('is not heard where Redis refuses it, until it is tried again', async () => {
    subscribe.mockRejectedValueOnce(new Error('NOPERM'));
    await expect(listen()).rejects.toThrow('NOPERM');
    connection.emit('message', 'news', 'a');
    await listen();
    connection.emit('message', 'news', 'b');
    expect(heard).toEqual(['news b']);
  });
});

it('names a thousand channels in one command, and all of them in their order', () => {
  const channels = Array.from({ length: 2001 }, (_, at) => `c${at}`);
  expect(parts(channels).map(({ length }) => length)).toEqual([1000, 1000, 1]);
  expect(parts(channels).flat()).toEqual(channels);
  expect(parts([])).toEqual([]);
});
