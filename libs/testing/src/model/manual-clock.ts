import type { Clock } from '#core';

/** Noon of a day in 2026. It has thirteen digits and is a whole second. */
const START = Date.UTC(2026, 5, 15, 12);

/** Time that passes only when a test says so. */
export class ManualClock implements Clock {
  constructor(private time = START) {}

  now(): number {
    return this.time;
  }

  advance(ms: number): void {
    this.time += ms;
  }
}
