import type { Clock } from '#core';

/** Real time that a test can move ahead. Timers are not affected; times that were in the future come sooner. */
export class MovedClock implements Clock {
  private aheadMs = 0;

  now(): number {
    return Date.now() + this.aheadMs;
  }

  advance(ms: number): void {
    this.aheadMs += ms;
  }
}
