import { collectDefaultMetrics, Registry } from 'prom-client';

/** In front of every metric's name, the process's own included. */
export const METRICS_PREFIX = 'pollcast_';

/** Between two looks at the event loop's lag, ms. Each wakes the process: every 10 ms would cost 4 ms of CPU a second. */
const LAG_LOOK_MS = 100;

/** A fresh registry with the process's own metrics (CPU, memory, event loop lag, garbage collection). */
export function createRegistry(program: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ program });
  collectDefaultMetrics({ register: registry, prefix: METRICS_PREFIX, eventLoopMonitoringPrecision: LAG_LOOK_MS });
  return registry;
}
