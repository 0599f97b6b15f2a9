import { Refusal } from '#protocol';
import { Deadline } from '../edge/deadline.js';
import { bytesOf, OperationQueue } from './operation-queue.js';

describe('OperationQueue', () => {
  it('runs one after the other', async () => {
    const queue = new OperationQueue<never>();
    const seen: string[] = [];
    const slow = queue.run(new Deadline(), async () => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      seen.push('slow');
    });
    const quick = queue.run(new Deadline(), async () => void seen.push('quick'));
    await Promise.all([slow, quick]);
    expect(seen).toEqual(['slow', 'quick']);
  });

  it('runs the first one at once, and waits for it where it has not ended', async () => {
    const queue = new OperationQueue<never>();
    const ended = queue.first(new Deadline(), async (operation) => void (operation.hasEnded = true), 0);
    expect(ended).toBeNull();
    const seen: string[] = [];
    const work = async () => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      seen.push('first');
    };
    const first = queue.first(new Deadline(), work, 0);
    const next = queue.run(new Deadline(), async () => void seen.push('next'));
    await Promise.all([first, next]);
    expect(seen).toEqual(['first', 'next']);
    const given = queue.first(new Deadline(), () => new Promise(() => undefined), 0);
    queue.stop(() => new Refusal('unavailable', 'it closes'));
    await expect(given).rejects.toThrow('it closes');
  });

  it('continues after a failure', async () => {
    const queue = new OperationQueue<never>();
    const failing = queue.run(new Deadline(), () => Promise.reject(new Error('x')));
    const next = queue.run(new Deadline(), async () => 'next');
    await expect(failing).rejects.toThrow('x');
    await expect(next).resolves.toBe('next');
  });

  it('bounds the bytes that wait, and says when to try again', async () => {
    const queue = new OperationQueue<never>();
    const waiting = Array.from({ length: 500 }, () => queue.run(new Deadline(), async () => undefined, 1000));
    await expect(queue.run(new Deadline(), async () => undefined, 100_000)).rejects.toMatchObject({
      code: 'too_many',
      details: { retryMs: expect.any(Number) },
    });
    await Promise.all(waiting);
    await expect(queue.run(new Deadline(), async () => 'again', 100_000)).resolves.toBe('again');
    // A single request is never refused: the transport bounds its size.
    await expect(queue.run(new Deadline(), async () => 'large', 10_000_000)).resolves.toBe('large');
  });

  it('shows the requests that wait behind the one that runs, in order', async () => {
    const queue = new OperationQueue<string>();
    const seen: (readonly (string | null)[])[] = [];
    const run = (request: string | null) =>
      queue.run(new Deadline(), async ({ behind }) => void seen.push([...behind]), 0, request);
    await Promise.all(['a', 'b', null, 'c'].map(run));
    await run('d');
    expect(seen).toEqual([['b', null, 'c'], [null, 'c'], ['c'], [], []]);
  });

  it('answers in time, but starts no other work before late work has ended', async () => {
    jest.useFakeTimers();
    const queue = new OperationQueue<never>();
    let finish: (() => void) | undefined;
    let abandoned: boolean | undefined;
    const late = queue.run(new Deadline(), async (operation) => {
      await new Promise<void>((resolve) => (finish = resolve));
      abandoned = operation.abandoned;
    });
    const answer = expect(late).rejects.toMatchObject({ code: 'unavailable' });
    await jest.advanceTimersByTimeAsync(5000);
    await answer;
    let begun = false;
    const next = queue.run(new Deadline(), async () => void (begun = true));
    await jest.advanceTimersByTimeAsync(10);
    expect(begun).toBe(false);
    finish?.();
    await next;
    expect(abandoned).toBe(true);
    jest.useRealTimers();
  });

  it('answers all that wait when it is stopped', async () => {
    const queue = new OperationQueue<never>();
    const running = queue.run(new Deadline(), () => new Promise(() => undefined));
    const waiting = queue.run(new Deadline(), async () => undefined);
    queue.stop(() => new Refusal('unavailable', 'bye'));
    await expect(running).rejects.toThrow('bye');
    await expect(waiting).rejects.toThrow('bye');
  });

  it('does not begin the work of a request that was answered while it waited', async () => {
    const queue = new OperationQueue<never>();
    let finish: () => void = () => undefined;
    const running = queue.run(new Deadline(), () => new Promise<void>((resolve) => (finish = resolve)));
    const work = jest.fn(async () => undefined);
    const waiting = queue.run(new Deadline(), work);
    queue.stop(() => new Refusal('unavailable', 'bye'));
    await Promise.all([running, waiting].map((each) => expect(each).rejects.toThrow('bye')));
    finish();
    await expect(queue.run(new Deadline(), async () => 'next')).resolves.toBe('next');
    expect(work).not.toHaveBeenCalled();
  });

  it.each<[string, () => Promise<string>]>([
    ['succeeds', async () => 'done'],
    ['fails', () => Promise.reject(new Error('x'))],
  ])('keeps neither a timer nor anything to end of a request that %s', async (_, work) => {
    jest.useFakeTimers();
    try {
      const queue = new OperationQueue<never>();
      await queue.run(new Deadline(), work).catch(() => undefined);
      await queue.first(new Deadline(), work as () => Promise<never>, 0)?.catch(() => undefined);
      expect(jest.getTimerCount()).toBe(0);
      const why = jest.fn(() => new Refusal('unavailable', 'bye'));
      queue.stop(why);
      expect(why).not.toHaveBeenCalled();
    } finally {
      jest.useRealTimers();
    }
  });

  it('counts the bytes of the first request as those of the others, up to the bound', async () => {
    const queue = new OperationQueue<never>();
    let finish: () => void = () => undefined;
    const first = queue.first(new Deadline(), () => new Promise<void>((resolve) => (finish = resolve)), 1_046_528);
    const next = queue.run(new Deadline(), async () => 'fits');
    await expect(queue.run(new Deadline(), async () => undefined)).rejects.toMatchObject({ code: 'too_many' });
    finish();
    expect(await Promise.all([first, next])).toEqual([undefined, 'fits']);
  });

  it('takes an id for as many bytes as it has characters, and 24 more', () => {
    expect(bytesOf({ feed: { language: 'zh-cn' }, caseIds: ['ab', 'c'] })).toBe(2 + 1 + 2 * 24);
  });
});
