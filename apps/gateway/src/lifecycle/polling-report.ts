import type { Logger } from 'pino';

const SUMMARY_MS = 30_000;
/** Time after the store was away in which workers take the sets again, ms. */
const AGAIN_MS = 8000;

/** Tells operators of feeds that no worker polls: one line when it begins, one every 30 s, and one when it ends. */
export class PollingReport {
  private since: number | null = null;
  private toldAt = 0;
  private unwellAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly logger: Pick<Logger, 'info' | 'warn'>,
    private readonly now: () => number,
  ) {}

  /**
   * Called after each check.
   *
   * @param feeds that clients wait for and nobody polls
   * @param storeIsWell without the store no feed seems to be polled, and the store has lines of its own
   */
  checked(feeds: number, storeIsWell: boolean): void {
    const now = this.now();
    this.unwellAt = storeIsWell ? this.unwellAt : now;
    if (feeds === 0) {
      if (this.since !== null) {
        const afterMs = Math.round(now - this.since);
        this.logger.info({ part: 'polling', after_ms: afterMs }, 'all feeds are polled again');
      }
      this.since = null;
    } else if (now - this.unwellAt >= AGAIN_MS && (this.since === null || now - this.toldAt >= SUMMARY_MS)) {
      this.since ??= now;
      this.toldAt = now;
      const fields = { part: 'polling', feeds, since: new Date(this.since) };
      this.logger.warn(fields, 'no worker polls feeds that clients wait for');
    }
  }
}
