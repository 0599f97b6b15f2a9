import type { Clock } from '#core';

/** Real time, moved ahead whenever a test says so: timers run on as they are, and every date comes sooner. */
export class MovedClock implements Clock {
  private aheadMs = 0;

  now(): number {
    return Date.now() + this.aheadMs;
  }

  advance(ms: number): void {
    this.aheadMs += ms;
  }
}
