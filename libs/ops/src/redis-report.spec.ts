import { RedisReport, type RedisTrouble } from './redis-report.js';

const MINUTE_MS = 60_000;
const AWAY: RedisTrouble = {
  kind: 'unreachable',
  text: 'Redis is out of reach',
  isRefusal: false,
  node: 'h:1',
  reason: 'connect ECONNREFUSED',
  command: null,
  lastedMs: 0,
};
const DENIED: RedisTrouble = {
  ...AWAY,
  kind: 'denied',
  text: 'denied',
  isRefusal: true,
  node: null,
  reason: 'NOPERM',
  command: 'eval',
};

describe('RedisReport', () => {
  let answers: boolean;
  let lines: [level: string, fields: Record<string, unknown>, text: string][];
  let report: RedisReport;

  beforeEach(() => {
    jest.useFakeTimers({ now: 0 });
    [answers, lines] = [true, []];
    const write = (level: string) => (fields: object, text: string) =>
      void lines.push([level, fields as Record<string, unknown>, text]);
    const logger = { info: write('info'), warn: write('warn') } as never;
    report = new RedisReport({
      logger,
      redis: 'h:1',
      answers: async () => {
        if (!answers) throw new Error('away');
      },
    });
  });
  afterEach(() => {
    report.stop();
    jest.useRealTimers();
  });

  /** Fails ten times a second. */
  async function fail(trouble: RedisTrouble, ms: number, perSecond = 10): Promise<void> {
    for (let passed = 0; passed < ms; passed += 1000 / perSecond) {
      report.troubled(trouble, new Error('x'));
      await jest.advanceTimersByTimeAsync(1000 / perSecond);
    }
  }
  const texts = () => lines.map(([, , text]) => text);

  it('writes one line when Redis fails, and one when it is back, however many connections and attempts', async () => {
    answers = false;
    await fail(AWAY, 20_000);
    expect(lines).toEqual([
      [
        'warn',
        { part: 'redis', redis: 'h:1', node: 'h:1', state: 'unreachable', reason: AWAY.reason, since: new Date(0) },
        AWAY.text,
      ],
    ]);
    answers = true;
    await jest.advanceTimersByTimeAsync(5000);
    expect(texts()).toEqual([AWAY.text, 'Redis is back after 21.0 s']);
    expect(lines[1]?.[1]).toMatchObject({ since: new Date(0), after_ms: 21_000, failures: { unreachable: 200 } });
    expect(jest.getTimerCount()).toBe(0);
    await jest.advanceTimersByTimeAsync(MINUTE_MS);
    expect(lines).toHaveLength(2);
  });

  it('does not count an answer that Redis began before the last trouble', async () => {
    let settle = (): void => undefined;
    const asked = jest.fn(() => new Promise<void>((resolve) => (settle = resolve)));
    report.stop();
    const logger = { info: (_: object, text: string) => lines.push(['info', {}, text]), warn: () => undefined };
    report = new RedisReport({ logger: logger as never, redis: 'h:1', answers: asked });
    report.troubled(AWAY, new Error('x'));
    await jest.advanceTimersByTimeAsync(1500);
    report.troubled(AWAY, new Error('x'));
    settle();
    await jest.advanceTimersByTimeAsync(MINUTE_MS);
    expect([asked.mock.calls.length, lines]).toEqual([2, []]);
    settle();
    await jest.advanceTimersByTimeAsync(5000);
    expect(texts()).toEqual(['Redis is back after 61.5 s']);
  });

  it('writes one line for each other state of the same incident', async () => {
    await fail(AWAY, 1000);
    await fail({ ...AWAY, kind: 'no_answer', text: 'silent', impliedBy: ['unreachable'] }, 1000);
    await fail({ ...AWAY, kind: 'loading', text: 'loads' }, 1000);
    await fail(AWAY, 1000);
    await jest.advanceTimersByTimeAsync(5000);
    expect(texts()).toEqual([AWAY.text, 'loads', 'Redis is back after 4.0 s']);
  });

  it('writes a summary every 30 s while it lasts', async () => {
    answers = false;
    await fail(AWAY, 95_000);
    expect(texts().slice(1)).toEqual(Array.from({ length: 3 }, () => 'Redis is still not well'));
    const counted = lines.slice(1).map(([, fields]) => (fields['failures'] as Record<string, number>)['unreachable']);
    expect(counted.every((count) => count !== undefined && count >= 290 && count <= 311)).toBe(true);
  });

  it('counts an error once that several listeners get', async () => {
    const error = new Error('x');
    report.troubled(AWAY, error);
    report.troubled(AWAY, error);
    await jest.advanceTimersByTimeAsync(5000);
    expect(lines[1]?.[1]).toMatchObject({ failures: { unreachable: 1 } });
  });

  it('counts from when a command was sent that was waited for in vain', async () => {
    report.troubled({ ...AWAY, kind: 'no_answer', lastedMs: 4000 }, new Error('x'));
    expect(lines[0]?.[1]).toMatchObject({ since: new Date(-4000) });
  });

  it('does not call Redis back while it answers and refuses', async () => {
    await fail(DENIED, 20_000, 0.1);
    expect(texts()).toEqual(['denied']);
    expect(lines[0]?.[1]).toMatchObject({ state: 'denied', command: 'eval' });
  });

  it('writes no line at each turn of a Redis that comes and goes', async () => {
    for (let turn = 0; turn < 60; turn += 1) {
      await fail(AWAY, 1000);
      await jest.advanceTimersByTimeAsync(9000);
    }
    expect(lines.length).toBeLessThan(25); // 20 of them are summaries of ten minutes.
  });

  it('says that Redis refuses, until it has not for 5 s; one that is away is no such case', async () => {
    report.troubled(AWAY, new Error('x'));
    expect(report.isRefusing).toBe(false);
    report.troubled(DENIED, new Error('x'));
    expect(report.isRefusing).toBe(true);
    await jest.advanceTimersByTimeAsync(5000);
    expect(report.isRefusing).toBe(false);
  });
});
