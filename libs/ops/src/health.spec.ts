import { HealthState } from './health.js';

describe('readiness', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('waits a second for a probe, and leaves no timer', async () => {
    const health = new HealthState();
    health.require('quick', () => true);
    health.require('slow', () => new Promise((resolve) => setTimeout(() => resolve(true), 999)));
    health.require('late', () => new Promise((resolve) => setTimeout(() => resolve(true), 1001)));
    const ready = health.ready();
    await jest.advanceTimersByTimeAsync(1001);
    expect(await ready).toEqual({ status: 'not ready', checks: { quick: 'ok', slow: 'ok', late: 'failing' } });
    expect(jest.getTimerCount()).toBe(0);
    const one = new HealthState();
    one.require('quick', () => true);
    expect([(await one.ready()).status, jest.getTimerCount()]).toEqual(['ok', 0]);
  });

  it('is over once the program drains, whatever the probes say', async () => {
    const health = new HealthState();
    health.require('redis', () => true);
    health.drain();
    const checks = { redis: 'ok', program: 'draining' };
    expect([health.isDraining, await health.ready()]).toEqual([true, { status: 'not ready', checks }]);
  });
});
