import { EventEmitter } from 'node:events';
import type { Redis } from 'ioredis';

import { Subscriptions } from './subscriptions.js';

/** A connection whose commands are answered when a test says so, in the order in which they were sent. */
class SlowClient extends EventEmitter {
  readonly sent: string[] = [];
  status = 'ready';
  private readonly answers: { resolve(): void; reject(error: Error): void }[] = [];

  subscribe = (...channels: string[]) => this.send(`subscribe ${channels.join()}`);
  unsubscribe = (...channels: string[]) => this.send(`unsubscribe ${channels.join()}`);
  ping = () => this.send('ping');
  disconnect = (reconnect: boolean) => void this.sent.push(`disconnect ${reconnect}`);

  answer(): void {
    this.answers.shift()?.resolve();
  }

  fail(): void {
    this.answers.shift()?.reject(new Error('refused'));
  }

  private send(command: string): Promise<void> {
    this.sent.push(command);
    return new Promise((resolve, reject) => this.answers.push({ resolve, reject }));
  }
}

describe('Subscriptions', () => {
  let client: SlowClient;
  let subscriptions: Subscriptions;
  let failures: string[];
  const interrupted = jest.fn();
  beforeEach(() => {
    jest.useFakeTimers();
    interrupted.mockClear();
    client = new SlowClient();
    failures = [];
    subscriptions = new Subscriptions(client as unknown as Redis, {
      received: () => undefined,
      interrupted,
      failed: ({ message }) => failures.push(message),
    });
  });
  afterEach(() => {
    subscriptions.stop();
    jest.useRealTimers();
  });

  const settled = () => jest.advanceTimersByTimeAsync(0);
  /** What becomes of a promise, to be looked at at any time. */
  function outcome(promise: Promise<void>): { now: string } {
    const seen = { now: 'pending' };
    promise.then(
      () => (seen.now = 'done'),
      ({ message }: Error) => (seen.now = message),
    );
    return seen;
  }

  it('that is slow to subscribe lets all wait who name the channel, and is asked once', async () => {
    const [first, second] = [outcome(subscriptions.add(['a', 'b'])), outcome(subscriptions.add(['b', 'a']))];
    const third = outcome(subscriptions.add(['b', 'c']));
    expect(client.sent).toEqual(['subscribe a,b', 'subscribe c']);
    await settled();
    expect([first.now, second.now, third.now]).toEqual(['pending', 'pending', 'pending']);
    client.answer();
    await settled();
    expect([first.now, second.now, third.now]).toEqual(['done', 'done', 'pending']);
    client.answer();
    await settled();
    expect(third.now).toBe('done');
    const later = outcome(subscriptions.add(['a']));
    await settled();
    expect([later.now, client.sent.length]).toEqual(['done', 2]);
  });

  it('that refuses to subscribe is asked again by the next one', async () => {
    const first = outcome(subscriptions.add(['a']));
    const second = outcome(subscriptions.add(['a']));
    client.fail();
    await settled();
    expect([first.now, second.now]).toEqual(['refused', 'refused']);
    const third = outcome(subscriptions.add(['a']));
    expect(client.sent).toEqual(['subscribe a', 'unsubscribe a', 'subscribe a']);
    client.answer();
    client.answer();
    await settled();
    expect(third.now).toBe('done');
  });

  it('that does not answer is waited for as long as a command may take, and no longer', async () => {
    const adding = outcome(subscriptions.add(['a']));
    await jest.advanceTimersByTimeAsync(3999);
    expect(adding.now).toBe('pending');
    await jest.advanceTimersByTimeAsync(1);
    expect(adding.now).toBe('Redis did not answer in time');
    // It may answer later: then nobody is there to end the subscription.
    const commands = () => client.sent.filter((command) => command !== 'ping');
    expect(commands()).toEqual(['subscribe a', 'unsubscribe a']);
    subscriptions.remove(['a']).catch(() => undefined);
    expect(commands()).toHaveLength(2);
  });

  it('that was lost is told of at once, and is whole when its channels are subscribed to again', async () => {
    void subscriptions.add(['a', 'b']);
    client.answer();
    await settled();
    client.emit('close');
    expect(interrupted).toHaveBeenCalledTimes(1);
    const whole = outcome(subscriptions.whole());
    client.emit('ready');
    expect(client.sent.at(-1)).toBe('subscribe a,b');
    await settled();
    expect(whole.now).toBe('pending');
    client.answer();
    await settled();
    expect(whole.now).toBe('done');
    expect(outcome(subscriptions.whole()).now).toBe('pending');
    await settled();
  });

  it('that is lost a second time is not whole until it is restored a second time', async () => {
    void subscriptions.add(['a']);
    client.answer();
    const lose = async () => {
      client.emit('close');
      const whole = outcome(subscriptions.whole());
      await settled();
      const before = whole.now;
      client.emit('ready');
      client.answer();
      await settled();
      return [before, whole.now];
    };
    expect([await lose(), await lose()]).toEqual([
      ['pending', 'done'],
      ['pending', 'done'],
    ]);
  });

  it('that was lost again while it was restored is whole after the second time only', async () => {
    void subscriptions.add(['a']);
    client.answer();
    await settled();
    client.emit('close');
    const whole = outcome(subscriptions.whole());
    client.emit('ready');
    client.emit('close');
    client.fail();
    await settled();
    expect([whole.now, failures]).toEqual(['pending', ['refused']]);
    client.emit('ready');
    client.answer();
    await settled();
    expect(whole.now).toBe('done');
    expect(interrupted).toHaveBeenCalledTimes(2);
  });

  it.each([true, false])(
    'that is not used any more lets nobody wait for it, if it was lost before: %s',
    async (before) => {
      if (before) client.emit('close');
      const first = outcome(subscriptions.whole());
      await settled();
      expect(first.now).toBe(before ? 'pending' : 'done');
      subscriptions.stop();
      if (!before) client.emit('close');
      const second = outcome(subscriptions.whole());
      await settled();
      const ended = 'the subscribed Redis connection is not used any more';
      expect([first.now, second.now]).toEqual([before ? ended : 'done', ended]);
      expect(jest.getTimerCount()).toBe(0);
    },
  );

  it('that does not answer a ping is cut, to be made anew', async () => {
    await jest.advanceTimersByTimeAsync(3000);
    expect(client.sent).toEqual(['ping']);
    client.answer();
    await jest.advanceTimersByTimeAsync(3000);
    expect(client.sent).toEqual(['ping', 'ping']);
    await jest.advanceTimersByTimeAsync(4000);
    expect(client.sent).toContain('disconnect true');
    expect(failures).toEqual(['Redis did not answer in time']);
  });

  it('is told of many channels in commands of bounded size', async () => {
    const many = Array.from({ length: 2100 }, (_, index) => `c${index}`);
    void subscriptions.add(many);
    expect(client.sent.map((command) => command.split(',').length)).toEqual([1000, 1000, 100]);
    [1, 2, 3].forEach(() => client.answer());
    await settled();
    void subscriptions.remove([...many, 'never']);
    expect(client.sent.slice(3).map((command) => command.split(',').length)).toEqual([1000, 1000, 100]);
    [1, 2, 3].forEach(() => client.answer());
  });
});
