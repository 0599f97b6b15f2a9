import type { RedisClient } from './connection.js';

/** Time between two pings, ms. */
const PING_MS = 2000;

/** Asks Redis every two seconds whether it answers, and how quickly. */
export class PingWatch {
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(private readonly client: RedisClient) {}

  /** @param report called with the time that an answer took, ms, or null without one */
  watch(report: (ms: number | null) => void): void {
    const sent = performance.now();
    this.client
      .ping()
      .then(
        () => report(performance.now() - sent),
        () => report(null), // The commands that fail report why.
      )
      .finally(() => {
        if (!this.stopped) {
          this.timer = setTimeout(() => this.watch(report), PING_MS);
          this.timer.unref();
        }
      });
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }
}
