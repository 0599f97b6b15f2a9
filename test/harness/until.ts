import { setTimeout as sleep } from 'node:timers/promises';

/** Between two looks, ms. */
const LOOK_MS = 20;

/** How many waits ended in vain. jest counts failed expectations, and not these. */
export const waits = { inVain: 0 };

/**
 * Looks again and again until the value is truthy, and resolves with it. What is waited for comes from other processes,
 * so there is nothing to subscribe to.
 *
 * @param what said in the error; a function is asked then, and can tell how far things had come
 * @throws Error where it does not happen within `timeoutMs`
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
