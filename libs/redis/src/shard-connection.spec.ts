import { EventEmitter } from 'node:events';
import type { Redis } from 'ioredis';

import { ShardConnection } from './shard-connection.js';

/** A node that answers when a test says so, in order. */
class SlowNode extends EventEmitter {
  readonly sent: string[] = [];
  private readonly answers: { resolve(count: number): void; reject(error: Error): void }[] = [];
  ssubscribe = (...channels: string[]) => this.send(`ssubscribe ${channels.join()}`);
  sunsubscribe = (...channels: string[]) => this.send(`sunsubscribe ${channels.join()}`);
  disconnect = () => void this.emit('end');

  answer(count = 1): void {
    this.answers.shift()?.resolve(count);
  }

  fail(): void {
    this.answers.shift()?.reject(new Error('MOVED 1 h:2'));
  }

  private send(command: string): Promise<number> {
    this.sent.push(command);
    return new Promise((resolve, reject) => this.answers.push({ resolve, reject }));
  }
}

describe('ShardConnection', () => {
  const [received, doubted, ended] = [jest.fn(), jest.fn(), jest.fn()];
  let node: SlowNode;
  let connection: ShardConnection;
  beforeEach(() => {
    [received, doubted, ended].forEach((mock) => mock.mockReset());
    node = new SlowNode();
    connection = new ShardConnection('h:1', node as unknown as Redis, { received, doubted, ended });
  });
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

  it('knows how many channels the node counts', async () => {
    const count = connection.count('a');
    expect(node.sent).toEqual(['ssubscribe a']);
    node.answer(7);
    expect(await count).toBe(7);
    const later = connection.count('a');
    node.answer(8);
    expect(await later).toBe(8);
  });

  it('does not know it while another command is on its way, and does again when that is answered or refused', async () => {
    const subscribing = connection.subscribe(['a', 'b']);
    expect(await connection.count('a')).toBeNull();
    node.answer(2);
    await subscribing;
    const unsubscribing = connection.unsubscribe(['b']).catch(() => undefined);
    expect(await connection.count('a')).toBeNull();
    node.fail();
    await unsubscribing;
    const count = connection.count('a');
    node.answer(1);
    expect(await count).toBe(1);
    expect(node.sent).toEqual(['ssubscribe a,b', 'sunsubscribe b', 'ssubscribe a']);
  });

  it('does not know it where another command was sent before the answer', async () => {
    const count = connection.count('a');
    const subscribing = connection.subscribe(['b']);
    node.answer(1);
    node.answer(2);
    await subscribing;
    expect(await count).toBeNull();
  });

  it('tells once in a turn that the node has ended subscriptions, however many there were', async () => {
    ['a', 'b', 'c'].forEach((channel) => node.emit('moved', channel));
    expect(doubted).not.toHaveBeenCalled();
    await turn();
    expect(doubted).toHaveBeenCalledTimes(1);
    node.emit('moved', 'd');
    await turn();
    expect(doubted).toHaveBeenCalledTimes(2);
  });

  it('passes on what it hears, and its end', () => {
    node.emit('smessage', 'a', 'text');
    expect(received.mock.calls).toEqual([['a', 'text']]);
    node.emit('error', new Error('reset')); // The callers that wait for an answer get it.
    expect(connection.isOpen).toBe(true);
    connection.close();
    expect([connection.isOpen, ended.mock.calls.length]).toEqual([false, 1]);
  });
});
