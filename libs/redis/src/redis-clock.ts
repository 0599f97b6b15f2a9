import type { Clock } from '#core';
import type { RedisClient } from './connection.js';

/** Time between two comparisons with Redis, ms. A quartz clock drifts by less than a millisecond in that time. */
const COMPARE_EVERY_MS = 10_000;

/** A comparison that took longer than this (ms) is not exact: the process or Redis stood still during it. */
const PRECISE_MS = 500;
/** At the start this many comparisons are made before a slow one is used. */
const FIRST_ATTEMPTS = 3;

/**
 * Redis's time in every process. Leases and due times are compared across machines, and a machine whose clock is wrong or
 * jumps must not shift them. Between comparisons it runs on the monotonic clock.
 */
export class RedisClock implements Clock {
  private timer: NodeJS.Timeout | null = null;
  /** Redis's time minus the monotonic clock, ms. The system clock serves until the first comparison. */
  private offset = Date.now() - performance.now();
  /** How long the comparison took that is in use, ms. */
  private tookMs = Number.POSITIVE_INFINITY;

  constructor(
    private readonly client: RedisClient,
    private readonly onError: (error: Error) => void,
  ) {}

  now(): number {
    return performance.now() + this.offset;
  }

  /** Compares now, and then regularly. @throws if Redis is out of reach */
  async start(): Promise<void> {
    for (let attempt = 0; attempt < FIRST_ATTEMPTS && this.tookMs > PRECISE_MS; attempt += 1) {
      await this.compare();
    }
    this.timer = setInterval(() => {
      this.compare().catch(this.onError);
    }, COMPARE_EVERY_MS);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer ?? undefined);
  }

  private async compare(): Promise<void> {
    const sent = performance.now();
    const [seconds, micros] = await this.client.time();
    const received = performance.now();
    const tookMs = received - sent;
    if (tookMs > PRECISE_MS && tookMs >= this.tookMs) {
      return; // The present offset is more exact.
    }
    this.tookMs = tookMs;
    // Redis answered about half-way between the two.
    this.offset = Number(seconds) * 1000 + Number(micros) / 1000 - (sent + received) / 2;
  }
}
