import { setTimeout as sleep } from 'node:timers/promises';

/** Between two looks, ms. */
const LOOK_MS = 20;

/** The number of waits that have failed. jest counts failed expectations only. */
export const waits = { inVain: 0 };

/**
 * Calls `look` every 20 ms until its value is truthy, and resolves with that value. The value usually depends on another
 * process, so there is no event to wait for.
 *
 * @param what text of the error; a function is called at the time of the error
 * @throws Error if the value is not truthy within `timeoutMs`
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
