import type { Logger } from 'pino';

import type { CredentialMetrics } from '#ops';
import type { CredentialsOutcome, OnCredentials } from '#osm';

const LEVELS = { accepted: 'info', refused: 'error', withheld: 'error', failed: 'warn' } as const;

/** Counts every attempt with the upstream's credentials, and writes a line when the outcome changes. */
export class CredentialsReport {
  private last: CredentialsOutcome = 'accepted';

  constructor(
    private readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>,
    private readonly metrics: CredentialMetrics,
  ) {}

  readonly tell: OnCredentials = (outcome, text) => {
    this.metrics.attempted(outcome);
    if (outcome !== this.last) {
      this.logger[LEVELS[outcome]]({ outcome }, `upstream credentials: ${text}`);
    }
    this.last = outcome;
  };
}
