import type { PresentWorker } from '#redis';

/** Where there are fewer sets than workers, the workers that have one change after this long, ms. */
const ROTATION_MS = 10_000;

/**
 * How many of the sets a worker is to have. All workers compute the same from the same list, so nobody has to decide. A worker
 * that cannot poll an equal part in time has what it can, and the others share the rest.
 *
 * @param total number of sets
 * @param now ms since 1970, on the clock that all workers share
 */
export function shareOf(id: string, workers: readonly PresentWorker[], total: number, now: number): number {
  const shares = new Map<string, number>();
  let open = [...workers];
  let left = total;
  for (let limited = limitedOf(open, left); limited.length > 0; limited = limitedOf(open, left)) {
    limited.forEach((worker) => shares.set(worker.id, worker.limit ?? 0));
    left -= limited.reduce((sum, { limit }) => sum + (limit ?? 0), 0);
    open = open.filter((worker) => !limited.includes(worker));
  }
  const [sharing, extra] = open.length > 0 ? [open, left] : [workers, left]; // If all are limited, all share what is left.
  const [whole, rest] = [Math.floor(extra / sharing.length), extra % sharing.length];
  const turn = whole === 0 && open.length > 0 ? Math.floor(now / ROTATION_MS) : 0;
  const rank = sharing.findIndex((worker) => worker.id === id);
  const own = rank < 0 ? 0 : whole + ((rank + turn) % sharing.length < rest ? 1 : 0);
  return own + (shares.get(id) ?? 0);
}

/** The workers that cannot have an equal part of what is left. */
function limitedOf(workers: readonly PresentWorker[], left: number): PresentWorker[] {
  return workers.filter(({ limit }) => limit !== null && limit < left / workers.length);
}
