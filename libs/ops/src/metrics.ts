import { collectDefaultMetrics, Registry } from 'prom-client';

/** Prefix of every metric name, those of the process included. */
export const METRICS_PREFIX = 'pollcast_';

/** Time between two samples of the event loop lag, ms. Each sample wakes the process: 10 ms would cost 4 ms of CPU per second. */
const LAG_SAMPLE_MS = 100;

/** A new registry with the metrics of the process (CPU, memory, event loop lag, garbage collection). */
export function createRegistry(program: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ program });
  collectDefaultMetrics({ register: registry, prefix: METRICS_PREFIX, eventLoopMonitoringPrecision: LAG_SAMPLE_MS });
  return registry;
}
