import type { RedisClient } from './connection.js';
import type { Keys } from './keys.js';
import { UnmetNeedError } from './redis-failure.js';

/**
 * The layout of the keys that this release reads and writes. It grows by one with each change that the release before does
 * not understand: then old and new programs must not work on the same keys. Redis without a number has layout 1, which all
 * releases before it wrote.
 */
export const LAYOUT = 1;
/** Characters of a strange value that a line shows. */
const SHOWN_MAX = 20;

/**
 * Compares the layout of the keys in Redis with {@link LAYOUT}. A Redis without a number gets it.
 *
 * @throws {UnmetNeedError} if Redis holds another layout
 */
export async function checkLayout(client: RedisClient, keys: Keys): Promise<void> {
  let found = await client.get(keys.layout);
  if (found === null) {
    await client.set(keys.layout, LAYOUT, 'NX');
    found = await client.get(keys.layout);
  }
  if (found !== String(LAYOUT)) {
    const shown = (found ?? 'none').slice(0, SHOWN_MAX);
    throw new UnmetNeedError(
      'layout',
      `Redis holds layout ${shown} of the keys, and this release has layout ${LAYOUT}: run the release that wrote them, or set another REDIS_PREFIX (OPERATIONS.md, Layout of the keys)`,
    );
  }
}
