import type { RedisClient } from './connection.js';
import { RedisClock } from './redis-clock.js';

/** Redis's time, ms since 1970. */
const REDIS_MS = 1_700_000_000_000;

describe('RedisClock', () => {
  let monotonic: number;
  let answerAfterMs: number;
  let redisAheadMs: number;
  let clock: RedisClock;

  beforeEach(async () => {
    jest.useFakeTimers();
    [monotonic, answerAfterMs, redisAheadMs] = [0, 10, 0];
    jest.spyOn(performance, 'now').mockImplementation(() => monotonic);
    const time = async () => {
      const ms = REDIS_MS + redisAheadMs + monotonic + answerAfterMs / 2;
      monotonic += answerAfterMs;
      return [String(Math.floor(ms / 1000)), String((ms % 1000) * 1000)];
    };
    clock = new RedisClock({ time } as unknown as RedisClient, () => undefined);
    await clock.start();
  });
  afterEach(() => {
    clock.stop();
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  it('tells the time of Redis, on the monotonic clock', () => {
    expect(clock.now() - monotonic).toBe(REDIS_MS);
    monotonic += 1234;
    expect(clock.now() - monotonic).toBe(REDIS_MS);
  });

  it('follows Redis', async () => {
    redisAheadMs = 70;
    await jest.advanceTimersByTimeAsync(10_000);
    expect(clock.now() - monotonic).toBe(REDIS_MS + 70);
  });

  it('ignores an answer that took long: either side may have stood still', async () => {
    [redisAheadMs, answerAfterMs] = [70, 4000];
    await jest.advanceTimersByTimeAsync(10_000);
    expect(clock.now() - monotonic).toBe(REDIS_MS);
  });

  it('uses a slow first answer only if there is no better one', async () => {
    clock.stop();
    const answers = [4000, 3000, 10];
    const time = async () => {
      // Made at the very end of it: half of the time that it took is the error.
      monotonic += answers.shift() ?? 10;
      const ms = REDIS_MS + monotonic;
      return [String(Math.floor(ms / 1000)), String((ms % 1000) * 1000)];
    };
    clock = new RedisClock({ time } as unknown as RedisClient, () => undefined);
    await clock.start();
    expect(clock.now() - monotonic - REDIS_MS).toBe(5);
  });
});
