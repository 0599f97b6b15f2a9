import { setTimeout as sleep } from 'node:timers/promises';

/** Pause between two calls of `look`, ms. */
const LOOK_MS = 20;
/** Default timeout, ms: for what happens in the process of the test. */
const SOON_MS = 4000;

/** Number of waits that have failed. jest counts only failed expectations. */
export const waits = { inVain: 0 };

/**
 * Calls `look` every 20 ms until its value is truthy, and resolves with that value. The value usually depends on another
 * process, so there is no event to wait for.
 *
 * @param what text of the error; a function is called when the error is made; by default the source text of `look`
 * @throws Error if the value is not truthy within `timeoutMs`
 */
export async function until<T>(
  look: () => T | Promise<T>,
  timeoutMs = SOON_MS,
  what: string | (() => string) = () => look.toString(),
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
