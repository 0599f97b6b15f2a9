import { Counter, Gauge, type Registry } from 'prom-client';
import { METRICS_PREFIX } from './metrics.js';

/** Metrics of the keys that an identity provider publishes. */
export class KeyMetrics {
  private readonly fetches: Counter<'outcome'>;

  /** @param ageMs age of the keys in use, ms; null if there are none */
  constructor(registry: Registry, ageMs: () => number | null) {
    const registers = [registry];
    this.fetches = new Counter({
      name: `${METRICS_PREFIX}auth_key_fetches_total`,
      help: 'Fetches of the keys that tokens are verified with.',
      labelNames: ['outcome'],
      registers,
    });
    new Gauge({
      name: `${METRICS_PREFIX}auth_keys_age_seconds`,
      help: 'Since the keys that tokens are verified with were fetched. NaN where there are none.',
      registers,
      collect() {
        const age = ageMs();
        this.set(age === null ? Number.NaN : age / 1000);
      },
    });
  }

  fetched(outcome: 'ok' | 'failed'): void {
    this.fetches.inc({ outcome });
  }
}
