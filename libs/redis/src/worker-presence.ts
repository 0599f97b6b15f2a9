import type { RedisClient } from './connection.js';
import type { Keys } from './keys.js';

/** A worker that has not told of itself for this long (ms) has no share any more. */
export const PRESENT_MS = 3500;

/** What is left of a worker that was killed is removed after this long, ms. */
const FORGOTTEN_MS = 60_000;

/** The key outlives the last worker by this, ms. */
const KEPT_MS = 3_600_000;

/** A worker that polls. */
export interface PresentWorker {
  /** Unique in the deployment. */
  readonly id: string;
  /** How many sets it can poll in time, as far as it knows; null: any number. */
  readonly limit: number | null;
}

/** Which workers poll at the moment: each tells of itself, and reads who else does. */
export class WorkerPresence {
  constructor(
    private readonly client: RedisClient,
    private readonly keys: Keys,
    /** Of this worker, unique in the deployment. */
    readonly id: string,
  ) {}

  /**
   * Tells that this worker polls. Called once a second.
   *
   * @param now ms since 1970, on Redis's clock
   * @returns all workers that poll, this one too, in an order that is the same for all of them
   * @throws if Redis is out of reach
   */
  async exchange(now: number, limit: number | null): Promise<PresentWorker[]> {
    const key = this.keys.workers;
    await this.client.hset(key, this.id, `${Math.round(now)} ${limit ?? ''}`);
    const [found] = await Promise.all([this.client.hgetall(key), this.client.pexpire(key, KEPT_MS)]);
    const workers = Object.entries(found).map(([id, text]) => ({ id, ...read(text) }));
    const forgotten = workers.filter(({ toldAt }) => now - toldAt > FORGOTTEN_MS);
    if (forgotten.length > 0) {
      await this.client.hdel(key, ...forgotten.map(({ id }) => id));
    }
    const present = workers.filter(({ toldAt }) => now - toldAt <= PRESENT_MS);
    return present.map(({ id, limit: most }) => ({ id, limit: most })).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** This worker polls no more. @throws if Redis is out of reach */
  async leave(): Promise<void> {
    await this.client.hdel(this.keys.workers, this.id);
  }
}

function read(text: string): { readonly toldAt: number; readonly limit: number | null } {
  const [toldAt, limit] = text.split(' ');
  return { toldAt: Number(toldAt), limit: limit ? Number(limit) : null };
}
