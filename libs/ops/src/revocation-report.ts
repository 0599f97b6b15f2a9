import { Gauge, type Registry } from 'prom-client';
import type { Logger } from 'pino';
import { METRICS_PREFIX } from './metrics.js';

/**
 * Tells operators what a gateway knows of revocations: two metrics, one warning when it cannot compare them with Redis any
 * more, and one line when it can again.
 */
export class RevocationReport {
  private comparedAt = performance.now();
  private isFailing = false;

  /** @param count how many are in effect */
  constructor(
    registry: Registry,
    private readonly logger: Pick<Logger, 'warn' | 'info'>,
    count: () => number,
  ) {
    // All processes of a fleet know the same.
    const shared = { registers: [registry], aggregator: 'max' as const };
    new Gauge({
      ...shared,
      name: `${METRICS_PREFIX}revocations`,
      help: 'Revocations in effect.',
      collect() {
        this.set(count());
      },
    });
    const ageMs = () => this.ageMs;
    new Gauge({
      ...shared,
      name: `${METRICS_PREFIX}revocations_age_seconds`,
      help: 'How long ago the revocations of the gateway were compared with those in Redis.',
      collect() {
        this.set(ageMs() / 1000);
      },
    });
  }

  private get ageMs(): number {
    return performance.now() - this.comparedAt;
  }

  /** Called after each comparison. @param failure null if it succeeded */
  compared(failure: unknown): void {
    if (failure !== null) {
      if (!this.isFailing) {
        const text = 'revocations cannot be compared with Redis: one that another gateway takes now has no effect here';
        this.logger.warn({ part: 'revocations', err: failure }, text);
      }
      this.isFailing = true;
      return;
    }
    if (this.isFailing) {
      this.logger.info({ part: 'revocations', ms: Math.round(this.ageMs) }, 'revocations are those of Redis again');
    }
    this.isFailing = false;
    this.comparedAt = performance.now();
  }
}
