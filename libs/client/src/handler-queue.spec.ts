import { HandlerQueue } from './handler-queue.js';

const ROOM = 256;
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('the queue of handlers', () => {
  it('waits for a handler before it runs the next one', async () => {
    const order: string[] = [];
    const queue = new HandlerQueue(() => undefined);
    let finish: () => void = () => undefined;
    queue.add(async () => {
      order.push('first begins');
      await new Promise<void>((resolve) => (finish = resolve));
      order.push('first ends');
    });
    queue.add(() => order.push('second'));
    await turn();
    expect(order).toEqual(['first begins']);
    finish();
    await turn();
    expect(order).toEqual(['first begins', 'first ends', 'second']);
  });

  it('reports what a handler throws, now or later, and runs the next one', async () => {
    const reported: unknown[] = [];
    const order: string[] = [];
    const queue = new HandlerQueue((error) => reported.push(error));
    queue.add(() => {
      throw new Error('now');
    });
    queue.add(() => Promise.reject(new Error('later')));
    queue.add(() => order.push('next'));
    await turn();
    expect(reported).toEqual([new Error('now'), new Error('later')]);
    expect(order).toEqual(['next']);
  });

  it('lets a stream wait while too many handlers are due', async () => {
    const queue = new HandlerQueue(() => undefined);
    const finish: (() => void)[] = [];
    for (let count = 0; count < ROOM + 1; count += 1) {
      queue.add(() => new Promise<void>((resolve) => finish.push(resolve)));
    }
    let hasRoom = false;
    void queue.room().then(() => (hasRoom = true));
    await turn();
    expect(hasRoom).toBe(false);
    finish.shift()?.();
    await turn();
    expect(hasRoom).toBe(false);
    finish.shift()?.();
    await turn();
    expect(hasRoom).toBe(true);
  });
});
