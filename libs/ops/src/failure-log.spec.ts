import { FailureLog } from './failure-log.js';
import { createLogger } from './logger.js';
import type { RedisReport } from './redis-report.js';

describe('FailureLog', () => {
  const lines: string[] = [];
  const troubled = jest.fn();
  const logger = createLogger('worker', 'info', { write: (line: string) => void lines.push(line) });
  const aboutRedis = new Error('Command timed out');
  const trouble = { kind: 'no_answer' };
  const log = new FailureLog(logger, { troubled } as unknown as RedisReport, (error) =>
    error === aboutRedis ? (trouble as never) : null,
  );
  const written = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);

  beforeEach(() => {
    jest.useFakeTimers();
    lines.length = 0;
    troubled.mockReset();
  });
  afterEach(() => jest.useRealTimers());

  it('passes on what is about Redis, and writes no line of its own', () => {
    log.of('clock')(aboutRedis);
    expect(troubled.mock.calls).toEqual([[trouble, aboutRedis]]);
    expect(lines).toEqual([]);
  });

  it('writes any other failure with its part, its fields and its stack', () => {
    log.of('poll', 'error', 'a poll ended in disorder')(new TypeError('x is undefined'), { feed: 'en-us', set: 7 });
    expect(written()).toMatchObject([
      {
        level: 'error',
        part: 'poll',
        feed: 'en-us',
        set: 7,
        msg: 'a poll ended in disorder',
        err: { type: 'TypeError' },
      },
    ]);
  });

  it('writes a failure that repeats once, and then its number', () => {
    for (let set = 0; set < 100; set += 1) {
      log.of('bullmq')(new Error(`Missing key for job ${set % 2 ? 'en-us' : 'zh-cn'}/${set}. moveToFinished`));
    }
    expect(lines).toHaveLength(1);
    jest.advanceTimersByTime(30_000);
    expect(written()[1]).toMatchObject({ times: 99 });
    expect(lines).toHaveLength(2);
  });
});
