import { Refusal } from '#protocol';
import { OperationQueue } from './operation-queue.js';

describe('OperationQueue', () => {
  it('runs one after the other', async () => {
    const queue = new OperationQueue();
    const seen: string[] = [];
    const slow = queue.run(async () => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      seen.push('slow');
    });
    const quick = queue.run(async () => void seen.push('quick'));
    await Promise.all([slow, quick]);
    expect(seen).toEqual(['slow', 'quick']);
  });

  it('goes on after a failure', async () => {
    const queue = new OperationQueue();
    const failing = queue.run(() => Promise.reject(new Error('x')));
    const next = queue.run(async () => 'next');
    await expect(failing).rejects.toThrow('x');
    await expect(next).resolves.toBe('next');
  });

  it('bounds how many wait', async () => {
    const queue = new OperationQueue();
    const waiting = Array.from({ length: 64 }, () => queue.run(async () => undefined));
    await expect(queue.run(async () => undefined)).rejects.toMatchObject({ code: 'too_many' });
    await Promise.all(waiting);
    await expect(queue.run(async () => 'again')).resolves.toBe('again');
  });

  it('answers in time, but lets nobody else begin before late work has ended', async () => {
    jest.useFakeTimers();
    const queue = new OperationQueue();
    let finish: (() => void) | undefined;
    let abandoned: boolean | undefined;
    const late = queue.run(async (operation) => {
      await new Promise<void>((resolve) => (finish = resolve));
      abandoned = operation.abandoned;
    });
    const answer = expect(late).rejects.toMatchObject({ code: 'unavailable' });
    await jest.advanceTimersByTimeAsync(5000);
    await answer;
    let begun = false;
    const next = queue.run(async () => void (begun = true));
    await jest.advanceTimersByTimeAsync(10);
    expect(begun).toBe(false);
    finish?.();
    await next;
    expect(abandoned).toBe(true);
    jest.useRealTimers();
  });

  it('answers all that wait when it is stopped', async () => {
    const queue = new OperationQueue();
    const running = queue.run(() => new Promise(() => undefined));
    const waiting = queue.run(async () => undefined);
    queue.stop(() => new Refusal('unavailable', 'bye'));
    await expect(running).rejects.toThrow('bye');
    await expect(waiting).rejects.toThrow('bye');
  });
});
