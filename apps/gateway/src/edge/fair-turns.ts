/** Requests that begin in one turn of the event loop. Between two turns, messages are delivered. */
const PER_LOOP = 16;

type Work = () => void;

/**
 * Which request is served next. A few begin in each turn of the event loop, so that deliveries wait for a few requests and
 * not for all that have come. The others wait, by owner, and the owners take turns: one that floods waits for itself.
 *
 * What may wait has to be bounded by the caller: it reads no more from a client while a request of it waits.
 */
export class FairTurns {
  private begun = 0;
  /** By owner; the one whose turn is next comes first. */
  private readonly waiting = new Map<string | object, Work[]>();
  private isScheduled = false;

  /** How many owners wait. */
  get owners(): number {
    return this.waiting.size;
  }

  /**
   * Begins the work now or later. The works of one owner begin in order.
   *
   * @param owner called only if the work has to wait
   * @returns whether it has begun
   */
  take(owner: () => string | object, work: Work): boolean {
    this.schedule();
    if (this.begun < PER_LOOP && this.waiting.size === 0) {
      this.begun += 1;
      work();
      return true;
    }
    const key = owner();
    const works = this.waiting.get(key);
    if (works === undefined) {
      this.waiting.set(key, [work]);
    } else {
      works.push(work);
    }
    return false;
  }

  private schedule(): void {
    if (!this.isScheduled) {
      this.isScheduled = true;
      setImmediate(this.nextLoop);
    }
  }

  private readonly nextLoop = (): void => {
    this.isScheduled = false;
    this.begun = 0;
    // An owner that is put behind the others is met again.
    for (const [owner, works] of this.waiting) {
      if (this.begun >= PER_LOOP) {
        break;
      }
      this.begun += 1;
      const work = works.shift();
      this.waiting.delete(owner);
      if (works.length > 0) {
        this.waiting.set(owner, works); // Behind all others.
      }
      work?.();
    }
    if (this.begun > 0) {
      this.schedule();
    }
  };
}
