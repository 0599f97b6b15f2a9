import type { Transport } from './events.js';

/** Delay of the first attempt after a failure, ms. It doubles. */
const RETRY_MS = 500;
/** Failures without a `ready` after which the next transport is tried. */
const FAILURES_PER_TRANSPORT = 2;

/** How to connect after failures: when, and by which transport. What worked last stays. */
export class Attempts {
  private failures = 0;
  private ofTransport = 0;
  private at = 0;

  /**
   * @param maxMs longest delay
   * @param random from 0 up to, but not including, 1
   */
  constructor(
    private readonly transports: readonly Transport[],
    private readonly maxMs: number,
    private readonly random: () => number,
  ) {}

  get transport(): Transport {
    return this.transports[this.at] ?? 'sse';
  }

  /** Half to all of the delay, at random, so that clients do not come back in one moment, ms. */
  get delayMs(): number {
    return Math.min(this.maxMs, RETRY_MS * 2 ** Math.max(0, this.failures - 1)) * (0.5 + this.random() / 2);
  }

  failed(): void {
    this.failures += 1;
    this.ofTransport += 1;
    if (this.ofTransport >= FAILURES_PER_TRANSPORT) {
      this.at = (this.at + 1) % this.transports.length;
      this.ofTransport = 0;
    }
  }

  succeeded(): void {
    this.failures = this.ofTransport = 0;
  }
}
