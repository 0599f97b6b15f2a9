const WINDOW_MS = 1_000;
/** Spent places are given back when there are this many. */
const MAX_SPENT = 10_000;

/** The largest number of requests within any one second, wherever that second begins. */
export class SlidingSecond {
  /** Largest number seen so far. */
  max = 0;
  /** Times (ms) in ascending order; those before `first` have left the window. */
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
