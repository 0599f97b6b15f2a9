import { Counter, type Registry } from 'prom-client';
import { METRICS_PREFIX } from './metrics.js';

const SOURCES = ['history', 'upstream', 'unavailable'] as const;
/** Where a page of older messages came from; `unavailable`: it was refused. */
export type OlderSource = (typeof SOURCES)[number];

/** What a gateway counts of pages that go back. */
export class OlderMetrics {
  private readonly pages: Counter<'source'>;

  constructor(registry: Registry) {
    this.pages = new Counter({
      name: `${METRICS_PREFIX}older_pages_total`,
      help: 'Pages of older messages (before=): from history, from what the upstream was asked for, or refused because it did not answer.',
      labelNames: ['source'],
      registers: [registry],
    });
    SOURCES.forEach((source) => this.pages.inc({ source }, 0));
  }

  readonly page = (source: OlderSource): void => this.pages.inc({ source });
}

/** What a worker counts of its requests for unread counts. */
export class UnreadMetrics {
  private readonly requests: Counter<'outcome'>;

  constructor(registry: Registry) {
    this.requests = new Counter({
      name: `${METRICS_PREFIX}unread_requests_total`,
      help: 'Requests to the upstream for unread counts, by outcome: answered, a failure as in pollcast_poll_failures_total, or no_turn: the quota gave none in time.',
      labelNames: ['outcome'],
      registers: [registry],
    });
    this.requests.inc({ outcome: 'answered' }, 0);
  }

  readonly ended = (outcome: string): void => this.requests.inc({ outcome });
}

/** What a worker counts of its requests for older messages. */
export class OlderRequestMetrics {
  private readonly requests: Counter<'outcome'>;

  constructor(registry: Registry) {
    this.requests = new Counter({
      name: `${METRICS_PREFIX}older_requests_total`,
      help: 'Requests to the upstream for messages that are older than history, by outcome: answered, a failure as in pollcast_poll_failures_total, or no_turn: the quota gave none in time.',
      labelNames: ['outcome'],
      registers: [registry],
    });
    this.requests.inc({ outcome: 'answered' }, 0);
  }

  readonly ended = (outcome: string): void => this.requests.inc({ outcome });
}
