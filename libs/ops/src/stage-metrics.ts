import { Histogram, type Registry } from 'prom-client';
import { METRICS_PREFIX } from './metrics.js';

/** Stages of a message after the upstream's answer. */
export type DeliveryStage = 'committed' | 'heard' | 'written';

/** Seconds. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** How long after the upstream's answer events reach each stage. Labels are resolved once. */
export class StageMetrics {
  private readonly stages: ReadonlyMap<DeliveryStage, Histogram.Internal<'stage'>>;

  /** @param stages those that this program sees */
  constructor(registry: Registry, stages: readonly DeliveryStage[]) {
    const histogram = new Histogram({
      name: `${METRICS_PREFIX}delivery_stage_seconds`,
      help: "From the upstream's answer until its events are committed, heard by a gateway, written to the first client.",
      labelNames: ['stage'],
      buckets: BUCKETS,
      registers: [registry],
    });
    this.stages = new Map(stages.map((stage) => [stage, histogram.labels(stage)]));
  }

  reached(stage: DeliveryStage, ms: number): void {
    this.stages.get(stage)?.observe(Math.max(0, ms) / 1000);
  }
}
