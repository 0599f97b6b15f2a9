import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { programVersion } from './version.js';

/** Prefix of every metric name but those of the process, whose names are prom-client's: dashboards for Node look for them. */
export const METRICS_PREFIX = 'pollcast_';

/** Time between two samples of the event loop lag, ms. Each sample wakes the process: 10 ms would cost 4 ms of CPU per second. */
const LAG_SAMPLE_MS = 100;

/** Gauges of prom-client whose names are those of counters, which `promtool check metrics` refuses. Their parts are kept by type. */
const MISNAMED = ['nodejs_active_resources_total', 'nodejs_active_handles_total', 'nodejs_active_requests_total'];

/** A new registry with the metrics of the process (CPU, memory, event loop lag, garbage collection). */
export function createRegistry(program: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ program });
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LAG_SAMPLE_MS });
  MISNAMED.forEach((name) => registry.removeSingleMetric(name));
  const build = new Gauge({
    name: `${METRICS_PREFIX}build_info`,
    help: 'Always 1: version of Pollcast, and of Node.',
    labelNames: ['version', 'node'],
    // The processes of a fleet are of one build.
    aggregator: 'max',
    registers: [registry],
  });
  build.set({ version: programVersion(), node: process.versions.node }, 1);
  return registry;
}
