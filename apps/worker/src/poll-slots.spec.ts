import { PollSlots } from './poll-slots.js';

describe('PollSlots', () => {
  it('are a quarter more than requests: some polls wait for Redis', async () => {
    const slots = new PollSlots(8);
    const granted: boolean[] = [];
    Array.from({ length: 11 }, () => void slots.take(0).then((one) => granted.push(one)));
    await Promise.resolve();
    await Promise.resolve();
    expect(granted).toEqual(Array(10).fill(true));
  });

  it('go to those first that have waited longest, and the last are sent away first', async () => {
    const slots = new PollSlots(1);
    await slots.take(0);
    await slots.take(0);
    const order: string[] = [];
    const wait = (name: string, now: number) =>
      void slots.take(now).then((granted) => order.push(`${name} ${granted}`));
    ['a', 'b', 'c'].forEach((name, at) => wait(name, 100 * at));
    expect(slots.waitedMs(250)).toBe(250);
    slots.giveBack();
    await Promise.resolve();
    expect(slots.waitedMs(250)).toBe(150);
    expect(slots.sendAway(1)).toBe(1);
    await new Promise(setImmediate);
    expect(order).toEqual(['a true', 'c false']);
    expect([slots.sendAway(5), slots.sendAway(5), slots.waitedMs(300)]).toEqual([1, 0, 0]);
    slots.giveBack();
    slots.giveBack();
    expect(await slots.take(0)).toBe(true);
  });

  it('are as many after each use as before: one that goes to a waiting set is not free', async () => {
    const slots = new PollSlots(1);
    await slots.take(0);
    await slots.take(0);
    const granted: boolean[] = [];
    const wait = () => void slots.take(0).then((one) => granted.push(one));
    [wait, wait, wait].forEach((take) => take());
    slots.giveBack();
    await new Promise(setImmediate);
    wait();
    await new Promise(setImmediate);
    expect(granted).toEqual([true]);
    expect(slots.sendAway(0)).toBe(0);
    [1, 2, 3, 4, 5].forEach(() => slots.giveBack());
    await new Promise(setImmediate);
    expect(granted).toEqual([true, true, true, true]);
    [1, 2, 3].forEach(() => wait());
    await new Promise(setImmediate);
    expect(granted).toHaveLength(6);
  });
});
