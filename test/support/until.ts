import { setTimeout as sleep } from 'node:timers/promises';

/** Between two looks, ms. */
const LOOK_MS = 20;

/** How many waits ended in vain: jest counts failed expectations, and cannot count these. */
export const waits = { inVain: 0 };

/**
 * Resolves with the first truthy value. What is waited for comes from other processes, so looking again and again is
 * the only way; a test waits as long as it must and no longer.
 *
 * @param what said when it did not happen; a function is asked then, and can tell how far things had come
 */
export async function until<T>(
  look: () => T | Promise<T>,
  timeoutMs: number,
  what: string | (() => string),
): Promise<Exclude<T, false | null | undefined | 0 | ''>> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const seen = await look();
    if (seen) return seen as Exclude<T, false | null | undefined | 0 | ''>;
    if (Date.now() > deadline) {
      waits.inVain += 1;
      throw new Error(`not within ${timeoutMs} ms: ${typeof what === 'string' ? what : what()}`);
    }
    await sleep(LOOK_MS);
  }
}
