import { Counter, Gauge, type Registry } from 'prom-client';
import { METRICS_PREFIX } from './metrics.js';

const ANSWERS = ['allowed', 'refused', 'doubted', 'unauthorized'] as const;

/** Metrics of the questions about rights that `AUTH_MODE=upstream` asks the upstream. */
export class ProbeMetrics {
  private readonly probes: Counter<'outcome'>;

  /** @param waiting how many questions wait for their turn */
  constructor(registry: Registry, waiting: () => number) {
    const registers = [registry];
    this.probes = new Counter({
      name: `${METRICS_PREFIX}auth_probes_total`,
      help: 'Requests that asked the upstream what a token may read, by its answer or by why there was none.',
      labelNames: ['outcome'],
      registers,
    });
    ANSWERS.forEach((outcome) => this.probes.inc({ outcome }, 0));
    new Gauge({
      name: `${METRICS_PREFIX}auth_probes_waiting`,
      help: 'Requests about rights that wait for their turn.',
      registers,
      collect() {
        this.set(waiting());
      },
    });
  }

  /** @param outcome an answer, or a code of `libs/core/src/model/upstream-failure.ts` */
  asked(outcome: string): void {
    this.probes.inc({ outcome });
  }
}
