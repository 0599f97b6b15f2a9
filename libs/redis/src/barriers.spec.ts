import { Barriers } from './barriers.js';

describe('Barriers', () => {
  let barriers: Barriers;
  beforeEach(() => {
    jest.useFakeTimers();
    barriers = new Barriers();
  });
  afterEach(() => void jest.useRealTimers());

  it('pass when their own mark has arrived, each by itself', async () => {
    const [one, two] = [barriers.open(), barriers.open()];
    expect(one.mark).not.toBe(two.mark);
    const seen: string[] = [];
    void one.passed.then(() => seen.push('one'));
    void two.passed.then(() => seen.push('two'));
    barriers.pass(two.mark);
    barriers.pass('a mark of nobody');
    await jest.advanceTimersByTimeAsync(0);
    expect(seen).toEqual(['two']);
    barriers.pass(one.mark);
    await jest.advanceTimersByTimeAsync(0);
    expect(seen).toEqual(['two', 'one']);
  });

  it('are lost at once with the connection, all of them, and none that is opened later', async () => {
    const lost = [barriers.open(), barriers.open()];
    barriers.lost();
    for (const { passed } of lost) {
      await expect(passed).rejects.toThrow('was lost');
    }
    const later = barriers.open();
    barriers.pass(later.mark);
    await expect(later.passed).resolves.toBeUndefined();
  });

  it('are waited for as long as a command may take, and no longer', async () => {
    const late = expect(barriers.open().passed).rejects.toThrow('did not keep up');
    await jest.advanceTimersByTimeAsync(4000);
    await late;
    expect(jest.getTimerCount()).toBe(0);
  });

  it('leave no timer behind, however they end', () => {
    const [one] = [barriers.open(), barriers.open()];
    barriers.pass(one?.mark ?? '');
    barriers.lost();
    expect(jest.getTimerCount()).toBe(0);
  });
});
