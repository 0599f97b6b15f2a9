import { Registry } from 'prom-client';

import { LostJobsReport } from './lost-jobs-report.js';

describe('LostJobsReport', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('tells of lost jobs at once, of those that follow every ten seconds, and counts all of them', async () => {
    const [registry, warn] = [new Registry(), jest.fn()];
    const report = new LostJobsReport(registry, { warn });
    const told = () => warn.mock.calls.map(([fields]) => fields as object);
    report.made(250);
    expect(told()).toEqual([{ part: 'queue', jobs: 250 }]);
    report.made(200);
    report.made(50);
    jest.advanceTimersByTime(9999);
    expect(warn).toHaveBeenCalledTimes(1);
    jest.advanceTimersByTime(1);
    jest.advanceTimersByTime(60_000);
    expect(told().slice(1)).toEqual([{ part: 'queue', jobs: 250 }]);
    report.made(1);
    expect(told().slice(2)).toEqual([{ part: 'queue', jobs: 1 }]);
    expect(await registry.metrics()).toContain('pollcast_queue_jobs_lost_total 501');
  });
});
