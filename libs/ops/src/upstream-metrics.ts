import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { METRICS_PREFIX } from './metrics.js';

/** Seconds. A set may wait for a pause of the account, which is minutes long at most. */
const QUOTA_BUCKETS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** When a token was issued, and when it ends, ms since 1970. */
export interface TokenTimes {
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** What a worker counts of the upstream besides its polls. */
export class UpstreamMetrics {
  private readonly requests: Counter;
  private readonly quotaWait: Histogram;

  /**
   * @param token null: there is none, or its end is not known
   * @param now ms since 1970
   */
  constructor(registry: Registry, token: () => TokenTimes | null, now: () => number) {
    const registers = [registry];
    const named = (name: string, help: string) => ({ name: `${METRICS_PREFIX}${name}`, help, registers });
    this.requests = new Counter(named('upstream_requests_total', 'Requests for messages that left for the upstream.'));
    this.quotaWait = new Histogram({
      ...named(
        'quota_wait_seconds',
        'How long a poll that was due waited for its turn. Polls without a wait are counted, too.',
      ),
      buckets: QUOTA_BUCKETS,
    });
    const times = (name: string, help: string, ms: (token: TokenTimes) => number): void => {
      new Gauge({
        ...named(name, help),
        collect() {
          const held = token();
          this.set(held === null ? Number.NaN : ms(held) / 1000);
        },
      });
    };
    times('upstream_token_age_seconds', 'Since the token of the upstream was issued. NaN without a login.', (held) =>
      Math.max(0, now() - held.issuedAt),
    );
    times(
      'upstream_token_expires_in_seconds',
      'Until the token of the upstream ends. NaN without a login.',
      (held) => held.expiresAt - now(),
    );
  }

  readonly sent = (): void => this.requests.inc();

  quotaWaited(ms: number): void {
    this.quotaWait.observe(Math.max(0, ms) / 1000);
  }
}
