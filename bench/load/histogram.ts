/** Width of a bucket, ms, and number of buckets: 20 s in all. */
const WIDTH_MS = 0.1;
const BUCKETS = 200_000;

export interface Latencies {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Counts millions of latencies, in buckets of 0.1 ms. */
export class Histogram {
  private readonly buckets = new Uint32Array(BUCKETS);
  private count = 0;
  private max = 0;

  add(ms: number): void {
    const bucket = Math.min(BUCKETS - 1, Math.max(0, Math.floor(ms / WIDTH_MS)));
    this.buckets[bucket] = (this.buckets[bucket] ?? 0) + 1;
    this.count += 1;
    if (ms > this.max) this.max = ms;
  }

  summary(): Latencies {
    return { p50: this.quantile(0.5), p99: this.quantile(0.99), max: Math.round(this.max * 10) / 10 };
  }

  clear(): void {
    this.buckets.fill(0);
    this.count = 0;
    this.max = 0;
  }

  private quantile(share: number): number {
    let left = this.count * share;
    let bucket = 0;
    while (bucket < BUCKETS && (left -= this.buckets[bucket] ?? 0) > 0) bucket += 1;
    return Math.round(bucket * WIDTH_MS * 10) / 10;
  }
}
