import type { PresentWorker } from '#redis';
import { ManualClock } from '#testing';

import { FairShare } from './fair-share.js';

const OWN = 'b';

describe('FairShare', () => {
  const exchange = jest.fn<Promise<PresentWorker[]>, [number, number | null]>();
  const leave = jest.fn<Promise<void>, []>();
  const counts = jest.fn<Promise<{ all: number; waiting: number }>, []>();
  const shed = jest.fn<void, [number]>();
  const announce = jest.fn<Promise<void>, []>();
  const onError = jest.fn();
  const processor = { shed, waitedMs: 0 };
  let share: FairShare;

  const present = (...limits: (number | null)[]) => limits.map((limit, at) => ({ id: 'abcdefgh'.charAt(at), limit }));
  const looks = async (count: number) => {
    for (let at = 0; at < count; at += 1) await jest.advanceTimersByTimeAsync(1000);
  };
  const take = (count: number) => Array.from({ length: count }, () => share.took());
  /** Takes sets while the gate is open. @returns how many */
  const fill = () => {
    let taken = 0;
    for (; share.isOpen && taken < 1000; taken += 1) share.took();
    return taken;
  };

  beforeEach(() => {
    jest.useFakeTimers();
    jest.resetAllMocks();
    processor.waitedMs = 0;
    exchange.mockResolvedValue(present(null, null, null, null));
    counts.mockResolvedValue({ all: 24, waiting: 0 });
    [leave, announce].forEach((mock) => mock.mockResolvedValue());
    share = new FairShare({
      presence: { id: OWN, exchange, leave },
      queue: { counts },
      processor,
      clock: new ManualClock(),
      announce,
      onError,
    });
  });
  afterEach(() => {
    void share.stop();
    jest.useRealTimers();
  });

  it('lets a worker take its share and no more, from the first look on', async () => {
    share.start();
    expect(share.isOpen).toBe(false);
    await looks(1);
    expect([fill(), shed.mock.calls]).toEqual([6, []]);
    let isOpen = false;
    void share.untilOpen().then(() => (isOpen = true));
    await looks(3);
    expect(isOpen).toBe(false);
    share.left();
    await looks(0);
    await jest.advanceTimersByTimeAsync(0);
    expect(isOpen).toBe(true);
  });

  it('lets a worker that is alone take any number', async () => {
    exchange.mockResolvedValue(present(null));
    share.start();
    await looks(1);
    expect(fill()).toBe(1000);
  });

  it('gives back what is beyond the share: twenty sets at one look, or one half', async () => {
    counts.mockResolvedValue({ all: 400, waiting: 0 });
    share.start();
    take(300);
    await jest.advanceTimersByTimeAsync(0);
    expect(shed.mock.calls).toEqual([[100]]);
    Array.from({ length: 175 }, () => share.left());
    await looks(1);
    Array.from({ length: 20 }, () => share.left());
    await looks(1);
    expect(shed.mock.calls).toEqual([[100], [20], [5]]);
  });

  it('gives no set back because the queue has lost its jobs', async () => {
    exchange.mockResolvedValue(present(null, null));
    counts.mockResolvedValue({ all: 0, waiting: 0 });
    share.start();
    take(6);
    await jest.advanceTimersByTimeAsync(0);
    expect(shed.mock.calls).toEqual([[3]]);
  });

  it('takes jobs that nobody has taken for two looks, unless it is saturated', async () => {
    share.start();
    await looks(1);
    fill();
    counts.mockResolvedValue({ all: 24, waiting: 3 });
    await looks(1);
    expect(fill()).toBe(0);
    await looks(1);
    expect(fill()).toBe(1);
    processor.waitedMs = 501;
    await looks(2);
    expect(fill()).toBe(0);
  });

  it('leaves sets to others when it is saturated for three looks, and takes one more for ten without that', async () => {
    share.start();
    await looks(1);
    fill();
    processor.waitedMs = 501;
    await looks(2);
    expect(exchange.mock.lastCall?.[1]).toBeNull();
    await looks(2);
    expect(exchange.mock.lastCall?.[1]).toBe(4);
    processor.waitedMs = 500;
    await looks(11);
    expect(exchange.mock.lastCall?.[1]).toBe(5);
    await looks(11);
    expect(exchange.mock.lastCall?.[1]).toBeNull();
  });

  it('leaves nothing to others that are saturated themselves', async () => {
    exchange.mockResolvedValue(present(3, null, 4, 5));
    share.start();
    await looks(1);
    fill();
    processor.waitedMs = 501;
    await looks(10);
    expect(exchange.mock.lastCall?.[1]).toBeNull();
  });

  it('looks at once when a worker has come or left', async () => {
    share.start();
    await looks(1);
    const before = exchange.mock.calls.length;
    share.update();
    await jest.advanceTimersByTimeAsync(0);
    expect(exchange.mock.calls.length).toBe(before + 1);
    // The look that was due anyway is put off: there is still one per second.
    await looks(3);
    expect(exchange.mock.calls.length).toBe(before + 4);
  });

  it('lets those go on that wait, when its share has grown', async () => {
    share.start();
    await looks(1);
    fill();
    let isOpen = false;
    void share.untilOpen().then(() => (isOpen = true));
    counts.mockResolvedValue({ all: 48, waiting: 0 });
    await looks(1);
    expect(isOpen).toBe(true);
    expect(fill()).toBe(6);
  });

  it('takes nothing beyond its share where nobody takes jobs, while it is saturated', async () => {
    share.start();
    await looks(1);
    fill();
    processor.waitedMs = 501;
    counts.mockResolvedValue({ all: 24, waiting: 40 });
    await looks(3);
    expect(fill()).toBe(0);
    processor.waitedMs = 500;
    await looks(1);
    expect(fill()).toBe(10);
  });

  describe('with a hundred sets, of which a fifth is too many', () => {
    const LIMIT = 80;
    const told = () => exchange.mock.lastCall?.[1];
    beforeEach(async () => {
      counts.mockResolvedValue({ all: 400, waiting: 0 });
      share.start();
      await looks(1);
      fill();
      processor.waitedMs = 501;
      await looks(4);
      expect(told()).toBe(LIMIT);
      Array.from({ length: 20 }, () => share.left());
    });

    it('gives more to others only after three more looks that find it saturated', async () => {
      await looks(2);
      expect(told()).toBe(LIMIT);
      await looks(2);
      expect(told()).toBe(LIMIT * 0.8);
    });

    it('takes one more for each ten looks that find it well', async () => {
      processor.waitedMs = 500;
      await looks(11);
      expect(told()).toBe(LIMIT + 1);
      await looks(9);
      expect(told()).toBe(LIMIT + 1);
      await looks(2);
      expect(told()).toBe(LIMIT + 2);
    });

    it('has no limit any more once it is alone', async () => {
      exchange.mockResolvedValue(present(null));
      processor.waitedMs = 500;
      await looks(2);
      expect(told()).toBeNull();
    });
  });

  it('has no share after a pause until it has looked', async () => {
    share.start();
    await looks(1);
    expect(share.isOpen).toBe(true);
    await share.stop();
    share.start();
    expect(share.isOpen).toBe(false);
    await looks(1);
    expect(share.isOpen).toBe(true);
  });

  it('acts as if it were alone while it cannot know who else polls', async () => {
    const broken = new Error('out of reach');
    exchange.mockRejectedValue(broken);
    share.start();
    await jest.advanceTimersByTimeAsync(0);
    expect([fill(), onError.mock.calls]).toEqual([1000, [[broken]]]);
  });

  it('tells the others when it stops, and holds nobody back', async () => {
    share.start();
    await looks(1);
    fill();
    const waits = share.untilOpen();
    void share.stop();
    await waits;
    await jest.advanceTimersByTimeAsync(0);
    expect([leave.mock.calls.length, announce.mock.calls.length]).toEqual([1, 1]);
    const looked = exchange.mock.calls.length;
    await looks(3);
    share.update();
    expect(exchange.mock.calls.length).toBe(looked);
  });

  it('has stopped when its last look is over and the others have been told', async () => {
    share.start();
    await looks(1);
    let [endLook, endAnnouncement] = [(): void => undefined, (): void => undefined];
    exchange.mockReturnValue(new Promise((resolve) => (endLook = () => resolve(present(null)))));
    announce.mockReturnValue(new Promise((resolve) => (endAnnouncement = () => resolve())));
    share.update();
    let stopped = false;
    void share.stop().then(() => (stopped = true));
    const after = async (event: () => void) => {
      event();
      await jest.advanceTimersByTimeAsync(0);
      return stopped;
    };
    expect([await after(endLook), await after(endAnnouncement)]).toEqual([false, true]);
  });

  it('has not stopped before its last look is over, and looks no more', async () => {
    share.start();
    await looks(1);
    let endLook = (): void => undefined;
    exchange.mockReturnValue(new Promise((resolve) => (endLook = () => resolve(present(null)))));
    share.update();
    const looked = exchange.mock.calls.length;
    let stopped = false;
    void share.stop().then(() => (stopped = true));
    await jest.advanceTimersByTimeAsync(0);
    expect([announce.mock.calls.length, stopped]).toEqual([1, false]);
    endLook();
    await jest.advanceTimersByTimeAsync(0);
    expect(stopped).toBe(true);
    await looks(3);
    expect([exchange.mock.calls.length, jest.getTimerCount()]).toEqual([looked, 0]);
  });
});
