import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_MS = 250;

/** @throws when it does not become true in time */
export async function untilTrue(isSo: () => Promise<boolean>, withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms`);
    await sleep(LOOK_MS);
  }
}
