import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { loadAll } from 'js-yaml';

import { clientOf } from '../harness/clients/clients.js';
import { tokenFor } from '../harness/clients/tokens.js';
import { Deployment } from '../harness/processes/deployment.js';
import { Prometheus } from '../harness/processes/prometheus.js';
import { ROOT } from '../harness/processes/repository.js';
import { freshTickets } from '../harness/upstream/traffic.js';

interface Trigger {
  readonly name?: string;
  readonly metricType: 'Value' | 'AverageValue' | 'Utilization';
  readonly metadata: { readonly query?: string; readonly threshold?: string };
}

const CONCURRENCY = 2;
const MAX = 8;
/** Rates are of a minute. */
const SETTLED_MS = 75_000;
/** The autoscaler of Kubernetes leaves differences of less than a tenth alone. */
const TOLERANCE = 0.1;

/** What the ScaledObject of the chart asks for, with real metrics in a real Prometheus. */
describe('the ScaledObject of workers', () => {
  const deployment = new Deployment({
    workers: 5,
    settings: {
      POLL_INTERVAL_MS: '1000',
      POLL_INTERVAL_MAX_MS: '1000',
      SUBSCRIPTION_LINGER_MS: '3000',
      UPSTREAM_MAX_CASE_IDS: '1',
      WORKER_CONCURRENCY: String(CONCURRENCY),
    },
  });
  let prometheus: Prometheus;

  beforeAll(async () => {
    await deployment.start();
    await deployment.upstream.change({ latency_ms: 300 });
    const programs = [...deployment.workers, deployment.gateway()];
    prometheus = await Prometheus.start(
      programs.map(({ url }) => Number(new URL(url).port)),
      { namespace: 'push' },
    );
    await Promise.all(deployment.workers.slice(1).map((worker) => worker.stop()));
  }, 120_000);
  afterAll(async () => {
    await prometheus.dispose();
    await deployment.dispose();
  }, 60_000);

  /** Follows tickets, each of which is a set: a set takes 0.3 s of one of two slots of a worker, every second. */
  async function follow(sets: number): Promise<() => void> {
    const token = await tokenFor();
    const client = clientOf('sse', { token, caseIds: freshTickets(sets) });
    await client.open(deployment.gateway().url);
    return () => client.close();
  }

  /** How many workers each trigger asks for, as Kubernetes computes it, while `workers` run. */
  async function asked(workers: number): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const { name = '', metricType, metadata } of triggers()) {
      const value = (await prometheus.query(metadata.query ?? '')) ?? 0;
      // The chart's default is 70 % of 200 requests in flight per worker.
      const threshold = name === 'in-flight' ? 0.7 * CONCURRENCY : Number(metadata.threshold);
      const ratio = metricType === 'Value' ? value / threshold : value / (threshold * workers);
      counts[name] = Math.abs(ratio - 1) <= TOLERANCE ? workers : Math.ceil(workers * ratio);
      process.stdout.write(
        `${workers} workers, ${name}: ${value.toFixed(2)} of ${threshold}, asks for ${counts[name]}\n`,
      );
    }
    return counts;
  }

  it('asks for more workers while one is overloaded, for as many as suffice, and for none when it is idle', async () => {
    const stop = await follow(2);
    await sleep(SETTLED_MS);
    expect(Math.max(...Object.values(await asked(1)))).toBeLessThanOrEqual(1);
    stop();

    const end = await follow(30); // 9 requests in flight at all times; a worker has 2.
    await sleep(SETTLED_MS);
    const overloaded = await asked(1);
    expect(overloaded['overdue']).toBeGreaterThan(1);
    expect(overloaded['in-flight']).toBeGreaterThan(1);

    await Promise.all(deployment.workers.slice(1).map((worker) => worker.start()));
    await sleep(SETTLED_MS);
    const healed = await asked(5);
    expect(healed['overdue']).toBeLessThan(5);
    // They stay: without this trigger the autoscaler would take them away again.
    expect(healed['in-flight']).toBeGreaterThanOrEqual(5);
    expect(healed['in-flight']).toBeLessThanOrEqual(MAX);
    end();
  }, 400_000);
});

function triggers(): Trigger[] {
  const objects = loadAll(readFileSync(join(ROOT, 'test/helm/rendered/existing-secrets.yaml'), 'utf8'));
  const scaled = objects.find((object) => (object as { kind?: string } | null)?.kind === 'ScaledObject');
  return (scaled as { spec: { triggers: Trigger[] } }).spec.triggers.filter(({ metadata }) => metadata.query);
}
