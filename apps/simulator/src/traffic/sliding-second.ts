const WINDOW_MS = 1_000;
/** Entries before the window that are kept before they are dropped together. */
const MAX_SPENT = 10_000;

/** The largest number of requests within any second, whenever that second begins. */
export class SlidingSecond {
  /** The largest number so far. */
  max = 0;
  /** Times (ms) in ascending order. Those before the index `first` are older than a second. */
  private times: number[] = [];
  private first = 0;

  add(now: number): void {
    this.times.push(now);
    while (this.times[this.first]! <= now - WINDOW_MS) this.first += 1;
    this.max = Math.max(this.max, this.times.length - this.first);
    if (this.first >= MAX_SPENT) {
      this.times = this.times.slice(this.first);
      this.first = 0;
    }
  }

  reset(): void {
    this.max = 0;
    this.times = [];
    this.first = 0;
  }
}
