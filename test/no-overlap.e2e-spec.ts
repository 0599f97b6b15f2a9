import { setTimeout as sleep } from 'node:timers/promises';

import { clientOf, overlappingClients } from './harness/clients/clients.js';
import { useDeployment } from './fixtures/use-deployment.js';
import { exchange } from './harness/clients/exchange.js';
import { expectEverything } from './fixtures/expect-everything.js';
import { UPSTREAM_TOKEN } from './harness/log-faults.js';
import { SeededRandom } from './harness/seeded-random.js';
import { tokenFor } from './harness/clients/tokens.js';
import { freshTickets, postTraffic } from './harness/upstream/traffic.js';
import { until } from './harness/until.js';

const WORKERS = 4;
const INTERVAL_MS = 200;
/** From a quarter of the interval to three times as long. */
const LATENCY_MS = [50, 600] as const;
const SET_MAX = 3;
const SEED = 3;
/** How long clients come and go, at least, and how long until every worker has had its sets, ms. */
const CHURN_MS = 12_000;
const SPREAD_MS = 15_000;
const STEP_MS = 50;
/** Clients that come and go, at most. */
const VISITORS = 8;

/** However slow the upstream is and whoever comes and goes, a ticket is asked for once at a time. */
describe('polls of one ticket set', () => {
  const deployment = useDeployment({
    workers: WORKERS,
    settings: {
      POLL_INTERVAL_MS: String(INTERVAL_MS),
      POLL_INTERVAL_MAX_MS: String(INTERVAL_MS),
      UPSTREAM_MAX_CASE_IDS: String(SET_MAX),
      // Tickets leave while the test runs: sets are thinned, merged and made anew.
      SUBSCRIPTION_LINGER_MS: '3000',
    },
  });
  const random = new SeededRandom(SEED);
  const tickets = freshTickets(60);
  const residents = tickets.slice(0, 20);
  let staying: ReturnType<typeof overlappingClients> = [];

  beforeAll(async () => {
    await deployment.upstream.change({ latency_ms: LATENCY_MS });
    staying = overlappingClients(4, residents, { token: await tokenFor() });
    await Promise.all(staying.map((client) => client.open(deployment.gateway().url)));
  });
  afterAll(() => staying.forEach((client) => client.close()));

  it('never overlap, with four workers, a slow upstream, hints, and tickets that come and go', async () => {
    const { upstream } = deployment;
    const traffic = postTraffic(upstream, { caseIds: tickets, messages: 240, overMs: CHURN_MS });
    const startedAt = Date.now();
    await churn(async () => Date.now() - startedAt > CHURN_MS && (await idleWorkers()).length === 0);
    await traffic;

    const { overlaps, by_status, distinct_sets } = await upstream.counters();
    expect([overlaps, Object.keys(by_status)]).toEqual([0, ['200']]);
    // It was as slow and as restless as it is meant to be, or this test has shown nothing.
    const slow = (await upstream.requests()).filter((each) => (each.duration_ms ?? 0) > INTERVAL_MS);
    expect(slow.length).toBeGreaterThan(100);
    expect(distinct_sets).toBeGreaterThan(tickets.length / SET_MAX);
    await expectEverything(upstream, staying, { withinMs: 20_000 });
  });

  it('would have been seen to overlap with a single request of somebody else', async () => {
    const { upstream } = deployment;
    const before = (await upstream.counters()).overlaps;
    const query = residents.map((caseId) => `case_ids=${caseId}`).join('&');
    const url = `${upstream.url}/v2/servicerequest/cases/instant-messages?${query}`;
    expect((await exchange(url, { headers: { 'X-Auth-Token': UPSTREAM_TOKEN } })).status).toBe(200);
    expect((await upstream.counters()).overlaps).toBeGreaterThan(before);
  });

  /** Visitors come, give hints and go, until it is enough. */
  async function churn(enough: () => Promise<boolean>): Promise<void> {
    const token = await tokenFor({ hints: true });
    const visitors: ReturnType<typeof clientOf>[] = [];
    const come = async () => {
      const caseIds = random.shuffled(tickets).slice(0, random.integer(1, 4));
      const visitor = clientOf(random.pick(['sse', 'websocket']), { token, caseIds, history: 0 });
      visitors.push(visitor);
      await visitor.open(deployment.gateway().url);
    };
    await until(
      async () => {
        await (visitors.length < VISITORS && random.chance(0.5)
          ? come()
          : visitors.splice(random.integer(0, visitors.length), 1)[0]?.close());
        await hint(token, random.shuffled(tickets).slice(0, 3));
        await sleep(STEP_MS);
        return enough();
      },
      CHURN_MS + SPREAD_MS,
      'every worker to have polled',
    );
    visitors.forEach((visitor) => visitor.close());
  }

  async function hint(token: string, case_ids: readonly string[]): Promise<void> {
    const answer = await exchange(`${deployment.gateway().url}/v1/hints`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ case_ids }),
    });
    expect(answer.status).toBe(204);
  }

  async function idleWorkers(): Promise<string[]> {
    const polls = async (worker: (typeof deployment.workers)[number]) =>
      [...(await worker.metrics('pollcast_polls_total')).values()].reduce((sum, count) => sum + count, 0);
    const counts = await Promise.all(deployment.workers.map(polls));
    return deployment.workers.filter((_, at) => (counts[at] ?? 0) < 10).map(({ name }) => name);
  }
});
