import { feedKey, UpstreamFailure } from '#core';

import { PollReports } from './poll-reports.js';

const REF = { feed: feedKey({ language: 'en-us' }), id: 1 };

describe('PollReports', () => {
  const told: unknown[][] = [];
  const part = (name: string) =>
    new Proxy(
      {},
      {
        get:
          (_, method) =>
          (...args: unknown[]) =>
            void told.push([`${name}.${String(method)}`, ...args]),
      },
    );
  const reports = new PollReports(part('metrics') as never, part('upstream') as never, part('stages') as never);
  const poll = (published: number) => ({ ref: REF, published, commitMs: 30 }) as never;
  beforeEach(() => void (told.length = 0));

  it('measure how late publications are committed, for polls that have some', () => {
    reports.polled(poll(2));
    expect(told).toEqual([
      ['metrics.polled', poll(2)],
      ['stages.reached', 'committed', 30],
      ['upstream.answered', REF],
    ]);
    told.length = 0;
    reports.polled(poll(0));
    expect(told.map(([name]) => name)).toEqual(['metrics.polled', 'upstream.answered']);
  });

  it('count failures and refused tickets, and write of them', () => {
    const failure = new UpstreamFailure('timeout', 'no answer');
    reports.failed(REF, failure, 5);
    reports.quarantined(REF, 'a');
    expect(told).toEqual([
      ['metrics.failed', REF, failure],
      ['upstream.failed', REF, failure, 5],
      ['metrics.quarantined'],
      ['upstream.quarantined', REF, 'a'],
    ]);
  });

  it('count refused cursors and results that are discarded', () => {
    reports.cursorRefused();
    reports.discarded('conflict');
    expect(told).toEqual([['metrics.cursorRefused'], ['metrics.discarded', 'conflict']]);
  });
});
