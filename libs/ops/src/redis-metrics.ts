import { Gauge, Histogram, type Registry } from 'prom-client';
import { METRICS_PREFIX } from './metrics.js';

/** Seconds. */
const PING_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** Whether Redis answers a process, and how quickly. */
export class RedisMetrics {
  private readonly up: Gauge;
  private readonly ping: Histogram;

  constructor(registry: Registry) {
    const registers = [registry];
    this.up = new Gauge({
      name: `${METRICS_PREFIX}redis_up`,
      help: '1 if Redis answered the last ping of this process, which comes every 2 s.',
      // A fleet is as well as its worst process.
      aggregator: 'min',
      registers,
    });
    this.ping = new Histogram({
      name: `${METRICS_PREFIX}redis_ping_seconds`,
      help: 'From a ping of Redis to its answer; what this process needed for it is part of it.',
      buckets: PING_BUCKETS,
      registers,
    });
  }

  /** @param ms null: there was no answer */
  pinged(ms: number | null): void {
    this.up.set(ms === null ? 0 : 1);
    if (ms !== null) {
      this.ping.observe(ms / 1000);
    }
  }
}
