/** Pauses between two lines, ms: the first, and the longest. */
const FIRST_MS = 5000;
const LONGEST_MS = 60_000;

/**
 * The pause between lines about things that change often: each is twice as long as the one before, up to a minute. After a
 * quiet time of twice the pause it is short again. Times in ms, of any clock.
 */
export class LinePause {
  private saidAt = Number.NEGATIVE_INFINITY;
  private pauseMs = FIRST_MS;

  isOver(now: number): boolean {
    return now - this.saidAt >= this.pauseMs;
  }

  /** A line was written. */
  said(now: number): void {
    const isQuiet = now - this.saidAt >= 2 * this.pauseMs;
    this.pauseMs = isQuiet ? FIRST_MS : Math.min(LONGEST_MS, this.pauseMs * 2);
    this.saidAt = now;
  }
}
