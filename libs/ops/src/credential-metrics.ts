import { Counter, type Registry } from 'prom-client';
import { METRICS_PREFIX } from './metrics.js';

const OUTCOMES = ['accepted', 'refused', 'withheld', 'failed'] as const;

/** What a worker counts of its credentials for the upstream. */
export class CredentialMetrics {
  private readonly attempts: Counter<'outcome'>;

  constructor(registry: Registry) {
    this.attempts = new Counter({
      name: `${METRICS_PREFIX}credential_attempts_total`,
      help: 'Logins at IAM, or signatures by which an access key was tried, by outcome. Withheld ones were not sent.',
      labelNames: ['outcome'],
      registers: [registry],
    });
    OUTCOMES.forEach((outcome) => this.attempts.inc({ outcome }, 0));
  }

  attempted(outcome: (typeof OUTCOMES)[number]): void {
    this.attempts.inc({ outcome });
  }
}
