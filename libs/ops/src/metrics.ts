import { collectDefaultMetrics, Registry } from 'prom-client';

/** In front of every metric's name, the process's own included. */
export const METRICS_PREFIX = 'pollcast_';

/** A fresh registry with the process's own metrics (CPU, memory, event loop lag, garbage collection). */
export function createRegistry(program: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ program });
  collectDefaultMetrics({ register: registry, prefix: METRICS_PREFIX });
  return registry;
}
