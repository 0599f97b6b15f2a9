import { Deadline } from './deadline.js';

const never = () => new Promise<never>(() => undefined);

describe('Deadline', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('passes on the result or the error of work that ends in time', async () => {
    const deadline = new Deadline(100);
    await expect(deadline.bound(Promise.resolve('done'))).resolves.toBe('done');
    await expect(deadline.bound(Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    expect(jest.getTimerCount()).toBe(0);
  });

  it('counts from its beginning, over all parts of a request', async () => {
    const deadline = new Deadline(5000);
    await jest.advanceTimersByTimeAsync(3500);
    expect(deadline.leftMs).toBe(1500);
    const part = expect(deadline.bound(never())).rejects.toMatchObject({
      code: 'unavailable',
      details: { retryMs: 2000 },
    });
    await jest.advanceTimersByTimeAsync(1500);
    await part;
    expect(deadline.leftMs).toBe(0);
  });

  it('has nothing left once it has passed, however long ago', async () => {
    const deadline = new Deadline(100);
    await jest.advanceTimersByTimeAsync(100);
    expect(deadline.leftMs).toBe(0);
    await jest.advanceTimersByTimeAsync(1000);
    expect([deadline.leftMs, new Deadline(-5).leftMs]).toEqual([0, 0]);
  });

  it('ignores the result of late work', async () => {
    const deadline = new Deadline(10);
    const failing = new Promise<never>((_, reject) => setTimeout(() => reject(new Error('late')), 20));
    const part = expect(deadline.bound(failing)).rejects.toMatchObject({ code: 'unavailable' });
    await jest.advanceTimersByTimeAsync(30);
    await part;
  });
});
