import { feedKey, UpstreamFailure, type SetRef, type UpstreamFailureCode } from '#core';
import { UpstreamReport } from './upstream-report.js';

const REF: SetRef = { feed: feedKey({ language: 'en-us' }), id: 1 };
const OTHER: SetRef = { feed: feedKey({ language: 'zh-cn' }), id: 1 };

describe('UpstreamReport', () => {
  let lines: [level: string, fields: Record<string, unknown>, text: string][];
  let report: UpstreamReport;

  beforeEach(() => {
    jest.useFakeTimers({ now: 0 });
    lines = [];
    const write = (level: string) => (fields: object, text: string) =>
      void lines.push([level, fields as Record<string, unknown>, text]);
    const logger = { info: write('info'), warn: write('warn'), error: write('error') } as never;
    report = new UpstreamReport(logger, () => Date.now());
  });
  afterEach(() => {
    report.stop();
    jest.useRealTimers();
  });

  const pass = (ms: number) => jest.advanceTimersByTime(ms);
  const failure = (code: UpstreamFailureCode) => new UpstreamFailure(code, `it says ${code}`, undefined, 'r-1');
  /** Each set fails once a second. */
  function fail(refs: readonly SetRef[], code: UpstreamFailureCode, ms: number): void {
    for (let passed = 0; passed < ms; passed += 1000) {
      refs.forEach((ref) => report.failed(ref, failure(code), Date.now()));
      pass(1000);
    }
  }
  const texts = () => lines.map(([, , text]) => text);

  it('writes one line when a feed fails, and one when it gets answers again', () => {
    const sets = [REF, { ...REF, id: 2 }, { ...REF, id: 3 }];
    fail(sets, 'unavailable', 8000);
    sets.forEach((ref) => report.answered(ref));
    pass(1000);
    const feed = { part: 'upstream', feed: REF.feed, since: new Date(0) };
    const why = { reason: 'it says unavailable', upstream_request_id: 'r-1' };
    expect(lines).toEqual([
      ['warn', { ...feed, code: 'unavailable', sets: 3, ...why }, 'the upstream gives no answers'],
      ['info', { ...feed, after_ms: 8000, failures: { unavailable: 24 } }, 'the upstream answers again after 8.0 s'],
    ]);
    pass(120_000);
    expect(lines).toHaveLength(2);
  });

  it('writes of a hang at once when the first poll has waited for its whole time', () => {
    pass(5000);
    report.failed(REF, failure('timeout'), 0);
    pass(1000);
    expect(lines[0]?.[1]).toMatchObject({ code: 'timeout', since: new Date(0) });
  });

  it('writes nothing of a failure that the next poll heals, nor of a feed with one set that still fails', () => {
    fail([REF], 'unavailable', 1000);
    report.answered(REF);
    pass(10_000);
    expect(lines).toEqual([]);
    fail([REF, { ...REF, id: 2 }], 'unavailable', 3000);
    report.answered(REF);
    pass(1000);
    expect(texts()).toEqual(['the upstream gives no answers']);
  });

  it('writes a summary every 30 s, with the number of failures', () => {
    fail([REF], 'unavailable', 95_000);
    expect(texts()).toEqual([
      'the upstream gives no answers',
      ...Array.from({ length: 3 }, () => 'the upstream still gives no answers'),
    ]);
    expect(lines[2]?.[1]).toMatchObject({ sets: 1, since: new Date(0), failures: { unavailable: 30 } });
  });

  it('writes a line when the code changes', () => {
    fail([REF], 'unavailable', 10_000);
    fail([REF], 'unauthorized', 5000);
    expect(lines.map(([, { code }]) => code)).toEqual(['unavailable', 'unauthorized']);
  });

  it('writes as few lines of a thousand feeds as of one', () => {
    const refs = Array.from({ length: 1000 }, (_, at) => ({
      ...REF,
      feed: feedKey({ language: 'en', groupId: `${at}` }),
    }));
    fail(refs, 'timeout', 8000);
    refs.forEach((ref) => report.answered(ref));
    pass(1000);
    expect(lines).toHaveLength(2);
    expect(lines[0]?.[1]).toMatchObject({ feeds: 1000, sets: 1000, named: refs.slice(0, 5).map(({ feed }) => feed) });
  });

  it('writes of more feeds than one call can take as arguments', () => {
    const refs = Array.from({ length: 130_000 }, (_, index): SetRef => ({
      feed: `f${index}` as SetRef['feed'],
      id: 1,
    }));
    const late = failure('timeout');
    pass(5000);
    refs.forEach((ref) => report.failed(ref, late, 0));
    pass(1000);
    refs.forEach((ref) => report.answered(ref));
    pass(1000);
    expect(lines.map(([, fields]) => fields['feeds'])).toEqual([refs.length, refs.length]);
  });

  it('writes few lines where feeds come and go', () => {
    for (let turn = 0; turn < 60; turn += 1) {
      fail([turn % 2 === 0 ? REF : OTHER], 'unavailable', 4000);
      [REF, OTHER].forEach((ref) => report.answered(ref));
      pass(1000);
    }
    expect(lines.length).toBeLessThan(30); // In five minutes.
  });

  it('tells the beginning and the end of each of six failures that follow each other', () => {
    const codes = ['unavailable', 'unauthorized', 'throttled', 'timeout', 'malformed', 'rejected'] as const;
    for (const code of codes) {
      fail([REF], code, 8000);
      report.answered(REF);
      pass(1000);
    }
    pass(5000);
    expect(lines.map(([level]) => level)).toEqual(codes.flatMap(() => ['warn', 'info']));
    expect(lines.flatMap(([, { code }]) => code ?? [])).toEqual(codes);
  });

  it('forgets a set that another worker polls by now', () => {
    fail([REF], 'unavailable', 3000);
    pass(100_000);
    expect(texts().slice(-1)).toEqual(['the upstream still gives no answers']);
    const { length } = lines;
    pass(100_000);
    expect(lines).toHaveLength(length);
  });

  it('names a ticket that the upstream refuses, one a minute', () => {
    ['a', 'b', 'c'].forEach((caseId) => report.quarantined(REF, caseId));
    pass(60_000);
    expect(lines.map(([, { case_id, set, times }]) => [case_id, set, times])).toEqual([
      ['a', 1, undefined],
      ['c', 1, 2],
    ]);
  });
});
