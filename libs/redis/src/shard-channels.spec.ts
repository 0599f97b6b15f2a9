import { movedTo, ShardChannels } from './shard-channels.js';
import type { ShardConnection } from './shard-connection.js';

/** A cluster of nodes that answer when a test says so. */
class Nodes {
  readonly sent: string[] = [];
  private readonly answers: { resolve(): void; reject(error: Error): void }[] = [];

  to(address: string | null): ShardConnection {
    const to = address ?? 'any:1';
    const send = (command: string, channels: readonly string[]) => {
      if (channels.length === 0) return Promise.resolve();
      this.sent.push(`${to} ${command} ${channels.join()}`);
      return new Promise<void>((resolve, reject) => this.answers.push({ resolve, reject }));
    };
    return {
      address: to,
      subscribe: (channels: readonly string[]) => send('subscribe', channels),
      unsubscribe: (channels: readonly string[]) => send('unsubscribe', channels),
    } as unknown as ShardConnection;
  }

  async accept(): Promise<void> {
    this.answers.shift()?.resolve();
    await jest.advanceTimersByTimeAsync(0);
  }

  async refuse(message: string): Promise<void> {
    this.answers.shift()?.reject(new Error(message));
    await jest.advanceTimersByTimeAsync(0);
  }
}

describe('channels of one hash tag', () => {
  let nodes: Nodes;
  let shard: ShardChannels;
  const interrupted = jest.fn();
  const failed = jest.fn();
  beforeEach(() => {
    jest.useFakeTimers();
    [interrupted, failed].forEach((mock) => mock.mockClear());
    nodes = new Nodes();
    shard = new ShardChannels(nodes, { interrupted, failed });
  });
  afterEach(() => {
    shard.stop();
    jest.useRealTimers();
  });

  const proven = async () => {
    let is = false;
    void shard.prove().then(() => (is = true));
    await jest.advanceTimersByTimeAsync(0);
    return is;
  };
  async function acceptedAt(...channels: string[]): Promise<void> {
    shard.want(channels);
    void shard.prove();
    await nodes.refuse('MOVED 7 a:1');
    await nodes.accept();
  }

  it('are asked for at the node that another one names, at once', async () => {
    await acceptedAt('x', 'y');
    expect(nodes.sent).toEqual(['any:1 subscribe x,y', 'a:1 subscribe x,y']);
    expect([await proven(), shard.acceptedBy('a:1'), shard.acceptedBy('any:1')]).toEqual([true, 2, 0]);
    expect(failed).not.toHaveBeenCalled();
  });

  it('are asked for no more at the end', async () => {
    shard.want(['x']);
    void shard.prove();
    shard.stop();
    await nodes.refuse('CLUSTERDOWN Hash slot not served');
    await jest.advanceTimersByTimeAsync(60_000);
    expect(nodes.sent).toEqual(['any:1 subscribe x']);
  });

  it('are not over before a subscription has ended that was on its way', async () => {
    shard.want(['x']);
    void shard.prove();
    await shard.drop(['x']);
    expect(shard.isOver).toBe(false);
    await nodes.accept();
    expect(nodes.sent).toEqual(['any:1 subscribe x', 'any:1 unsubscribe x']);
    expect(shard.isOver).toBe(false);
    await nodes.accept();
    expect(shard.isOver).toBe(true);
  });

  it('are asked for again and again, never more often than every second in the end', async () => {
    shard.want(['x']);
    void shard.prove();
    for (let attempt = 0; attempt < 20; attempt += 1) {
      await nodes.refuse('CLUSTERDOWN Hash slot not served');
      await jest.advanceTimersByTimeAsync(1000);
    }
    const before = nodes.sent.length;
    expect(before).toBe(21);
    await nodes.refuse('CLUSTERDOWN Hash slot not served');
    await jest.advanceTimersByTimeAsync(400);
    expect(nodes.sent.length).toBe(before);
    expect([await proven(), failed.mock.calls.length, shard.lastError]).toEqual([
      false,
      1,
      'CLUSTERDOWN Hash slot not served',
    ]);
  });

  it('are not asked for without a pause by two nodes that name each other', async () => {
    shard.want(['x']);
    void shard.prove();
    for (let attempt = 0; attempt < 20; attempt += 1) {
      await nodes.refuse(`MOVED 7 ${attempt % 2 ? 'a' : 'b'}:1`);
    }
    expect(nodes.sent.length).toBe(4);
  });

  it('are all asked for anew, and told as interrupted, where a new one shows that the slot was moved', async () => {
    await acceptedAt('x');
    shard.want(['y']);
    void shard.prove();
    await nodes.refuse('MOVED 7 b:2');
    expect(interrupted).toHaveBeenCalledTimes(1);
    expect(nodes.sent.slice(2)).toEqual(['a:1 subscribe y', 'b:2 subscribe y,x']);
    await nodes.accept();
    expect([await proven(), shard.acceptedBy('b:2')]).toEqual([true, 2]);
  });

  it('stay with their node when a new one is refused for another reason', async () => {
    await acceptedAt('x');
    shard.want(['y']);
    void shard.prove();
    await nodes.refuse('Redis did not answer in time');
    await jest.advanceTimersByTimeAsync(1000);
    expect(nodes.sent.slice(2)).toEqual(['a:1 subscribe y', 'a:1 subscribe y']);
    expect([interrupted.mock.calls.length, shard.acceptedBy('a:1')]).toEqual([0, 1]);
  });

  it('do not count by an answer that is older than their loss', async () => {
    shard.want(['x']);
    void shard.prove();
    shard.lost('b:2');
    await nodes.accept();
    expect(shard.acceptedBy('any:1')).toBe(0);
    expect(nodes.sent).toEqual(['any:1 subscribe x', 'b:2 subscribe x']);
  });

  it('that nobody wants any more are ended once their node has accepted them', async () => {
    shard.want(['x', 'y']);
    void shard.prove();
    await shard.drop(['x']);
    expect([nodes.sent.length, shard.isOver]).toEqual([1, false]);
    await nodes.accept();
    expect(nodes.sent.at(-1)).toBe('any:1 unsubscribe x');
    await nodes.accept();
    const dropping = shard.drop(['y']);
    await nodes.refuse('MOVED 7 b:2');
    await dropping;
    expect(shard.isOver).toBe(true);
  });

  it('follow a node that names no host to the same host', () => {
    expect(movedTo(new Error('MOVED 7 :6380'), '10.0.0.1:6379')).toBe('10.0.0.1:6380');
    expect(movedTo(new Error('MOVED 7 ::1:6380'), null)).toBe('::1:6380');
    expect([movedTo(new Error('MOVED 7 :6380'), null), movedTo(new Error('ASK 7 a:1'), 'b:2')]).toEqual([null, null]);
  });
});
