/**
 * More polls than requests may be under way, by this part: some of them wait for Redis before and after their requests.
 */
const BESIDE_REQUESTS = 0.25;

/** A set that is due and waits for a slot. */
interface Waiting {
  readonly since: number;
  readonly resolve: (granted: boolean) => void;
}

/** How many polls of one worker are under way at once. A set that is due waits for a slot; the first one that came is first. */
export class PollSlots {
  private free: number;
  private readonly waiting = new Set<Waiting>();

  /** @param concurrency `WORKER_CONCURRENCY`: requests in flight at most */
  constructor(concurrency: number) {
    this.free = Math.ceil(concurrency * (1 + BESIDE_REQUESTS));
  }

  /** @param now ms, of any clock. @returns false if the set is to go back to the queue instead */
  async take(now: number): Promise<boolean> {
    if (this.free > 0) {
      this.free -= 1;
      return true;
    }
    return new Promise((resolve) => this.waiting.add({ since: now, resolve }));
  }

  giveBack(): void {
    const [first] = this.waiting;
    if (first === undefined) {
      this.free += 1;
    } else {
      this.waiting.delete(first);
      first.resolve(true);
    }
  }

  /** For how long the first of the waiting sets has waited, ms; 0 if none waits. @param now ms, of the same clock */
  waitedMs(now: number): number {
    const [first] = this.waiting;
    return first === undefined ? 0 : now - first.since;
  }

  /** Sends waiting sets back to the queue, those first that came last. @returns how many, at most `count` */
  sendAway(count: number): number {
    const leaving = [...this.waiting].slice(-count).reverse();
    const sent = count > 0 ? leaving : [];
    sent.forEach((one) => {
      this.waiting.delete(one);
      one.resolve(false);
    });
    return sent.length;
  }
}
