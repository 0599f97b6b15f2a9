/** Pauses between two lines, ms: the first, and the longest. */
const FIRST_MS = 5000;
const LONGEST_MS = 60_000;
/** Lines that follow each other after the first pause before pauses grow: some incidents in a row are not yet a flood. */
const FEW = 6;

/**
 * The pause between lines about things that change often. After a few lines in a row each is twice as long as the one before, up
 * to a minute. After a quiet time of twice the pause it is short again. Times in ms, of any clock.
 */
export class LinePause {
  private saidAt = Number.NEGATIVE_INFINITY;
  private pauseMs = FIRST_MS;
  private inARow = 0;

  isOver(now: number): boolean {
    return now - this.saidAt >= this.pauseMs;
  }

  /** A line was written. */
  said(now: number): void {
    const isQuiet = now - this.saidAt >= 2 * this.pauseMs;
    this.inARow = isQuiet ? 0 : this.inARow + 1;
    this.pauseMs = this.inARow <= FEW ? FIRST_MS : Math.min(LONGEST_MS, this.pauseMs * 2);
    this.saidAt = now;
  }
}
