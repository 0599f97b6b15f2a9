import { setTimeout as delay } from 'node:timers/promises';

/** Pauses between two attempts, ms: the first, and the longest. Each is twice as long as the one before. */
const FIRST_MS = 250;
const LONGEST_MS = 2000;

/**
 * Tries until it works. Pauses grow, because a service that refuses answers at once: without them an attempt would follow
 * the other as fast as the processor can.
 *
 * @param attempt not called any more once `isOver`
 * @param onError called with what each attempt throws
 */
export async function untilItWorks(
  attempt: () => Promise<void>,
  isOver: () => boolean,
  onError: (error: unknown) => void,
): Promise<void> {
  for (let pauseMs = FIRST_MS; !isOver(); pauseMs = Math.min(LONGEST_MS, pauseMs * 2)) {
    try {
      await attempt();
      return;
    } catch (error) {
      onError(error);
    }
    await delay(pauseMs, undefined, { ref: false });
  }
}
