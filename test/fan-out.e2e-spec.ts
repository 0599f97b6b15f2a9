import { setTimeout as sleep } from 'node:timers/promises';

import { exchange } from './harness/clients/exchange.js';
import { overlappingClients } from './harness/clients/clients.js';
import { useDeployment } from './fixtures/use-deployment.js';
import { documentedLabels, metricsIn, watchedExpressions } from './fixtures/watched-metrics.js';
import { expectEverything } from './fixtures/expect-everything.js';
import { CONFIDENTIAL } from './harness/log-faults.js';
import { tokenFor } from './harness/clients/tokens.js';
import { freshTickets, postTraffic } from './harness/upstream/traffic.js';

/** Shown with GATEWAY_PROCESSES alone: processes.e2e-spec.ts. */
const OF_A_FLEET = 'pollcast_fleet_restarts_total';

/** Every client gets everything once, in the same order. */
describe('fan-out', () => {
  const deployment = useDeployment({ gateways: 2, workers: 2 });

  it('gives 400 messages in 5 s to twelve clients at two gateways, each once and in order', async () => {
    const { upstream } = deployment;
    const tickets = freshTickets(8);
    const clients = overlappingClients(12, tickets, { token: await tokenFor() });
    await Promise.all(clients.map((client, at) => client.open(deployment.gateway(at % 2).url)));
    await upstream.resetCounters();

    await postTraffic(upstream, { caseIds: tickets, messages: 400, overMs: 5000 });

    expect(await expectEverything(upstream, clients)).toBe(12 * 200);
    expect((await upstream.counters()).overlaps).toBe(0);
    expectOneOrder(clients.map(({ recording }) => recording.messages.map(({ data }) => `${data.id} ${data.case_id}`)));
    clients.forEach((client) => client.close());
  });

  it('gives messages that are equal in every field as often as they were posted', async () => {
    const { upstream } = deployment;
    const [once = '', twice = ''] = freshTickets(2);
    const clients = overlappingClients(4, [once, twice], { token: await tokenFor() });
    await Promise.all(clients.map((client, at) => client.open(deployment.gateway(at % 2).url)));
    // In one batch, and again in a later poll: an equal message must not be taken for an earlier one.
    const time_ms = Date.now();
    const twin = { content: `${CONFIDENTIAL} twin`, time_ms, is_first_message: 0 as const };
    await upstream.post({ case_id: once, ...twin }, { case_id: twice, ...twin, count: 5 });
    await sleep(500);
    await upstream.post({ case_id: once, ...twin }, { case_id: twice, ...twin, count: 2 });

    await expectEverything(upstream, clients);
    const delivered = clients.map(({ options, recording }) => `${recording.contents.length} of ${options.caseIds[0]}`);
    expect(delivered).toEqual([`2 of ${once}`, `2 of ${once}`, `7 of ${twice}`, `7 of ${twice}`]);
    clients.forEach((client) => client.close());
  });

  it('shows every metric that alerts, dashboard and autoscalers read, with the labels by which they read it', async () => {
    const programs = [deployment.gateway(), deployment.worker()];
    const pages = await Promise.all(programs.map(async ({ url }) => (await exchange(`${url}/metrics`)).text));
    const metrics = shownMetrics(pages.join('\n'));
    const watched = watchedExpressions()
      .flatMap(metricsIn)
      .filter(({ name }) => name !== OF_A_FLEET);
    expect(watched.length).toBeGreaterThan(50);
    expect(watched.filter(({ name }) => !metrics.has(name))).toEqual([]);
    const unlabelled = watched.filter(({ name, labels }) => labels.some((label) => !metrics.get(name)?.has(label)));
    expect(unlabelled).toEqual([]);
  });
});

/** Messages that two clients received have the same positions and the same order. */
function expectOneOrder(recordings: readonly (readonly string[])[]): void {
  const all = new Map<string, string>();
  for (const event of recordings.flat()) {
    const [id = '', caseId = ''] = event.split(' ');
    expect(all.get(id) ?? caseId).toBe(caseId);
    all.set(id, caseId);
  }
  const order = [...all.keys()].sort();
  for (const recording of recordings) {
    const ids = new Set(recording.map((event) => event.split(' ')[0] ?? ''));
    expect([...ids]).toEqual(order.filter((id) => ids.has(id)));
  }
}

/**
 * The labels of each metric of a page of metrics, by the names under which Prometheus knows it. A counter that has not
 * counted yet shows no labels: those are the documented ones.
 */
function shownMetrics(page: string): ReadonlyMap<string, ReadonlySet<string>> {
  const families = [...page.matchAll(/^# TYPE (\w+) (\w+)$/gm)];
  const names = families.flatMap(([, name = '', type]) =>
    type === 'histogram' ? ['_bucket', '_sum', '_count'].map((suffix) => `${name}${suffix}`) : [name],
  );
  const shown = new Map(names.map((name) => [name, new Set(['program', ...documentedLabels(name)])]));
  for (const [, name = '', labels = ''] of page.matchAll(/^(\w+)\{(.*)\} \S+$/gm)) {
    shown.set(name, new Set([...labels.matchAll(/(\w+)="/g)].map(([, label = '']) => label)));
  }
  return shown;
}
