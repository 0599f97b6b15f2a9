import { EventEmitter } from 'node:events';
import type { RedisClient } from './connection.js';
import { Subscriptions } from './subscriptions.js';

describe('Subscriptions', () => {
  const client = new EventEmitter();
  const told: [string, string, boolean][] = [];
  const subscriptions = new Subscriptions(client as unknown as RedisClient, {
    received: (...message) => told.push(message),
    interrupted: () => undefined,
    failed: () => undefined,
  });
  afterAll(() => subscriptions.stop());

  /** Lets messages come as a socket brings them, and an answer to a command behind them. */
  const bring = (messages: readonly [string, string][]) =>
    new Promise<void>((answered) =>
      setImmediate(() => {
        messages.forEach(([channel, text]) => client.emit('message', channel, text));
        answered();
      }),
    );

  it('tells with each message whether another one came with it, before a later answer is heard', async () => {
    await bring([
      ['a', '1'],
      ['b', '2'],
      ['a', '3'],
    ]);
    expect(told).toEqual([
      ['a', '1', true],
      ['b', '2', true],
      ['a', '3', false],
    ]);
  });

  it('begins anew with what comes next', async () => {
    told.length = 0;
    await bring([['a', '4']]);
    expect(told).toEqual([['a', '4', false]]);
  });
});
