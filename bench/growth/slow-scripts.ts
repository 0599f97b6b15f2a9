import type { Redis } from 'ioredis';

/** Scripts below this are not in Redis' slow log, microseconds. */
const SLOW_US = 500;
/** Scripts that the slow log keeps: more than a measurement runs. */
const SLOW_MAX = 10_000;

/** From now on the longest script counts. */
export async function watchScripts(redis: Redis): Promise<void> {
  await redis.config('SET', 'slowlog-log-slower-than', SLOW_US, 'slowlog-max-len', SLOW_MAX);
  await redis.slowlog('RESET');
}

/** The longest script or command since {@link watchScripts}, ms; 0: none took half a millisecond. */
export async function longestScriptMs(redis: Redis): Promise<number> {
  const slow = (await redis.slowlog('GET', SLOW_MAX)) as [number, number, number][];
  return Math.max(0, ...slow.map(([, , us]) => us)) / 1000;
}
