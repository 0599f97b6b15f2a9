/** Parts of long replays are written for this long, ms, before a pause: a timer is not more exact. */
const WORK_MS = 2;

/** The longest pause, ms: a turn that took longer waited for something else, such as a CPU. */
const PAUSE_MAX_MS = 20;

/**
 * Lets one part of a long replay be written per turn of the event loop, whatever the number of replays. In between the
 * loop reads what came from Redis and from clients, so live publications wait for one such part at most.
 *
 * After parts were written, no part is written for as long as that took. So all long replays together take half of a gateway's
 * time at most. The other half is for live deliveries, and for Redis and other programs on the same CPUs.
 */
export class ReplayPace {
  private readonly waiting: (() => void)[] = [];
  /** A turn is going on, or a pause. */
  private isBusy = false;
  private beganAt = 0;
  private workedMs = 0;

  /** @param now ms, monotonic */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Resolves when the caller may write one part. Callers have their turns in the order in which they came. */
  turn(): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      if (!this.isBusy) {
        this.isBusy = true;
        setImmediate(this.next);
      }
    });
  }

  private readonly next = (): void => {
    const write = this.waiting.shift();
    this.isBusy = write !== undefined;
    if (write !== undefined) {
      write();
      this.beganAt = this.now();
      setImmediate(this.ended);
    }
  };

  /** The turn in which a part was written is over. */
  private readonly ended = (): void => {
    this.workedMs += this.now() - this.beganAt;
    if (this.workedMs < WORK_MS) {
      this.next();
      return;
    }
    const pauseMs = Math.min(this.workedMs, PAUSE_MAX_MS);
    this.workedMs = 0;
    setTimeout(this.next, pauseMs);
  };
}
