/** After this many sweeps a replay that does not shrink counts like any other unsent bytes. */
const STALLED_SWEEPS = 10;

/**
 * How many unsent bytes one connection may have. A replay is written at once and may be larger than the limit. Its
 * unsent part is allowed on top of the limit as long as it shrinks.
 */
export class UnsentLimit {
  private replay = 0;
  private stalled = 0;

  constructor(
    /** `SLOW_CONSUMER_MAX_BYTES` */
    private readonly maxBytes: number,
  ) {}

  /** Whether a connection with this many unsent bytes is too slow. */
  isExceeded(unsentBytes: number): boolean {
    return unsentBytes > this.maxBytes + this.replay;
  }

  /** A replay was written. */
  replayed(unsentBytes: number): void {
    this.replay = unsentBytes;
    this.stalled = 0;
  }

  /** Called once a second. */
  sweep(unsentBytes: number): void {
    this.stalled = unsentBytes < this.replay ? 0 : this.stalled + 1;
    this.replay = this.stalled >= STALLED_SWEEPS ? 0 : Math.min(this.replay, unsentBytes);
  }
}
