import { Counter, type Registry } from 'prom-client';
import type { Logger } from 'pino';

import { METRICS_PREFIX } from './metrics.js';

/** Time in which one line tells of lost jobs, ms. */
const SPAN_MS = 10_000;

/** Tells operators that jobs were lost and made again: a metric, a line at once, and one per span with the sum of the others. */
export class LostJobsReport {
  private readonly counter: Counter;
  private untold = 0;
  private isOpen = false;

  constructor(
    registry: Registry,
    private readonly logger: Pick<Logger, 'warn'>,
  ) {
    this.counter = new Counter({
      name: `${METRICS_PREFIX}queue_jobs_lost_total`,
      help: 'Jobs of ticket sets that were missing in the poll queue or not whole, and were made again.',
      registers: [registry],
    });
  }

  /** @param jobs how many, at least one */
  made(jobs: number): void {
    this.counter.inc(jobs);
    this.untold += jobs;
    if (!this.isOpen) {
      this.tell();
    }
  }

  private tell(): void {
    this.logger.warn(
      { part: 'queue', jobs: this.untold },
      'jobs were lost in the poll queue, and were made again: was something deleted or evicted, or did a gateway die?',
    );
    this.untold = 0;
    this.isOpen = true;
    setTimeout(() => {
      this.isOpen = false;
      if (this.untold > 0) {
        this.tell();
      }
    }, SPAN_MS).unref();
  }
}
