import { AcceptRate } from './accept-rate.js';

describe('how many connections a gateway can accept in a second', () => {
  it('is what the spare part of its event loop is enough for', () => {
    const rate = new AcceptRate(2000);
    expect([0, 0.5, 0.8].map((utilization) => rate.next(0, utilization))).toEqual([500, 250, 99]);
  });

  it('is a tenth while the event loop is busy: that may be over in a moment', () => {
    expect(new AcceptRate(2000).next(0, 1)).toBe(50);
  });

  it('follows what connections cost in seconds in which many begin', () => {
    const rate = new AcceptRate(2000);
    rate.next(400, 0.25); // 625 us each. One second counts for three tenths.
    expect(rate.next(0, 0)).toBe(500 + 330);
    for (let second = 0; second < 30; second += 1) rate.next(400, 0.25);
    expect(rate.next(0, 0)).toBeGreaterThan(1580);
    expect(rate.next(0, 0)).toBeLessThanOrEqual(1600);
    for (let second = 0; second < 30; second += 1) rate.next(10, 1); // Something else keeps it busy.
    expect(rate.next(0, 0)).toBeGreaterThan(1580);
  });

  it.each([
    ['most that may begin', 300, 5000, 0.01, 300],
    ['least that is believed', 2000, 50, 1, 100],
  ])('has bounds: the %s', (_, most, begun, utilization, bound) => {
    const rate = new AcceptRate(most);
    for (let second = 0; second < 60; second += 1) rate.next(begun, utilization);
    expect(rate.next(0, 0)).toBe(bound);
  });
});
