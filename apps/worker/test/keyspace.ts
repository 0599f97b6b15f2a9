import type { RedisClient } from '#redis';

/** One key and when Redis itself will remove it: ms from now, null for never. */
export interface Found {
  readonly key: string;
  readonly expiresInMs: number | null;
}

/** Redis's answer about a key that has ended meanwhile. */
const GONE = -2;

/** Every key of a Redis, in order of name. */
export async function everyKey(client: RedisClient): Promise<Found[]> {
  const names = new Set<string>();
  let cursor = '0';
  do {
    const [next, page] = (await client.call('SCAN', cursor, 'COUNT', '1000')) as [string, string[]];
    page.forEach((name) => names.add(name));
    cursor = next;
  } while (cursor !== '0');
  const found = await Promise.all([...names].sort().map(async (key) => ({ key, pttl: await client.pttl(key) })));
  return found
    .filter(({ pttl }) => pttl !== GONE)
    .map(({ key, pttl }) => ({ key, expiresInMs: pttl < 0 ? null : pttl }));
}
