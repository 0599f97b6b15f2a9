import { PollingReport } from './polling-report.js';

describe('PollingReport', () => {
  it('writes when feeds are not polled, every 30 s, and when they are again; and nothing while Redis is away', () => {
    const lines: [text: string, fields: object][] = [];
    const write = (fields: object, text: string) => void lines.push([text, fields]);
    let now = 0;
    const report = new PollingReport({ info: write, warn: write } as never, () => now);
    report.checked(0, true);
    report.checked(2, false);
    expect(lines).toEqual([]);
    report.checked(2, true); // Redis is back, and workers have not polled yet.
    expect(lines).toEqual([]);
    now = 8000;
    for (; now < 69_000; now += 1000) report.checked(2, true);
    report.checked(0, true);
    report.checked(0, true);
    const told = 'no worker polls feeds that clients wait for';
    const fields = { part: 'polling', feeds: 2, since: new Date(8000) };
    expect(lines).toEqual([
      [told, fields],
      [told, fields],
      [told, fields],
      ['all feeds are polled again', { part: 'polling', after_ms: 61_000 }],
    ]);
  });

  it('writes at once when feeds are not polled again, however short a time after it wrote last', () => {
    const write = jest.fn<void, [{ since?: Date }, string]>();
    let now = 0;
    const report = new PollingReport({ info: write, warn: write } as never, () => now);
    report.checked(1, true);
    now = 2000;
    report.checked(0, true);
    now = 5000;
    report.checked(1, true);
    now = 34_999;
    report.checked(1, true);
    expect(write.mock.calls.map(([{ since }]) => since?.getTime())).toEqual([0, undefined, 5000]);
    now = 35_000;
    report.checked(1, true);
    expect(write).toHaveBeenCalledTimes(4);
  });
});
