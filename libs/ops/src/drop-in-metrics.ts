import { Counter, Gauge, type Registry } from 'prom-client';
import { METRICS_PREFIX } from './metrics.js';

const OUTCOMES = ['news', 'nothing', 'pending', 'left'] as const;
export type PollOutcome = (typeof OUTCOMES)[number];

/** Metrics of clients that poll the gateway. Refused polls are counted with all refusals. */
export class DropInMetrics {
  private readonly polls: Counter<'outcome'>;
  private readonly held: Gauge;
  private readonly waiting: Gauge;

  constructor(registry: Registry) {
    const registers = [registry];
    this.polls = new Counter({
      name: `${METRICS_PREFIX}dropin_polls_total`,
      help: 'Polls of clients that were answered with news or with nothing, before the first answer of the upstream (pending), or not at all because the client had left.',
      labelNames: ['outcome'],
      registers,
    });
    OUTCOMES.forEach((outcome) => this.polls.inc({ outcome }, 0));
    this.held = new Gauge({
      name: `${METRICS_PREFIX}dropin_tickets`,
      help: 'Tickets that are wanted because clients polled them, counted once per subject.',
      registers,
    });
    this.waiting = new Gauge({
      name: `${METRICS_PREFIX}dropin_polls_waiting`,
      help: 'Polls of clients that wait for news.',
      registers,
    });
  }

  polled(outcome: PollOutcome): void {
    this.polls.inc({ outcome });
  }

  /** @param more negative: less */
  holds(more: number): void {
    this.held.inc(more);
  }

  /** @param more negative: less */
  waits(more: number): void {
    this.waiting.inc(more);
  }
}
