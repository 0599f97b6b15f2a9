import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import { type Counters, type Traffic } from './traffic.js';

/** The counters of the control API as Prometheus text. It is made when it is asked for, so polls cost nothing more. */
export class Metrics {
  readonly registry = new Registry();

  constructor(private readonly traffic: Traffic) {
    collectDefaultMetrics({ register: this.registry });
    this.count('simulator_overlaps_total', 'Requests for a ticket that was being asked for', 'overlaps');
    this.count('simulator_cursorless_total', 'Requests without a cursor', 'cursorless');
    this.count('simulator_case_ids_total', 'Tickets asked for, summed over requests', 'case_ids_total');
    this.count('simulator_logins_total', 'Requests for a token', 'logins');
    this.count('simulator_tokens_issued_total', 'Tokens issued', 'tokens_issued');
    this.countByStatus();
    new Gauge({
      name: 'simulator_requests_in_flight',
      help: 'Requests for messages that are not answered yet',
      registers: [this.registry],
      collect() {
        this.set(traffic.counters().in_flight);
      },
    });
  }

  private count(name: string, help: string, source: NumberKey): void {
    const { traffic } = this;
    new Counter({
      name,
      help,
      registers: [this.registry],
      collect() {
        this.reset();
        this.inc(traffic.counters()[source]);
      },
    });
  }

  private countByStatus(): void {
    const { traffic } = this;
    new Counter({
      name: 'simulator_requests_total',
      help: 'Requests for messages, by HTTP status; none: the connection ended before any answer',
      labelNames: ['status'],
      registers: [this.registry],
      collect() {
        this.reset();
        for (const [status, count] of Object.entries(traffic.counters().by_status)) this.inc({ status }, count);
      },
    });
  }
}

type NumberKey = { [K in keyof Counters]: Counters[K] extends number ? K : never }[keyof Counters];
