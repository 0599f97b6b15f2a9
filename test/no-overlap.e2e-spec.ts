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
/** From a quarter of the interval to three intervals. */
const LATENCY_MS = [50, 600] as const;
const SET_MAX = 3;
const SEED = 3;
/** Shortest time in which clients come and go, and longest time until every worker has polled, ms. */
const CHURN_MS = 12_000;
const SPREAD_MS = 15_000;
const STEP_MS = 50;
/** Clients that are connected for a short time, at most. */
const SHORT_LIVED = 8;

/** Polls of one ticket never overlap, also with a slow upstream and with tickets that come and go. */
describe('polls of one ticket set', () => {
  const deployment = useDeployment({
    workers: WORKERS,
    settings: {
      POLL_INTERVAL_MS: String(INTERVAL_MS),
      POLL_INTERVAL_MAX_MS: String(INTERVAL_MS),
      UPSTREAM_MAX_CASE_IDS: String(SET_MAX),
      // Tickets leave during the test, so sets get smaller, are merged and are created.
      SUBSCRIPTION_LINGER_MS: '3000',
    },
  });
  const random = new SeededRandom(SEED);
  const tickets = freshTickets(60);
  const permanent = tickets.slice(0, 20);
  let staying: ReturnType<typeof overlappingClients> = [];

  beforeAll(async () => {
    await deployment.upstream.change({ latency_ms: LATENCY_MS });
    staying = overlappingClients(4, permanent, { token: await tokenFor() });
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
    // Otherwise the upstream was not slow, or the sets did not change, and the test shows nothing.
    const slow = (await upstream.requests()).filter((each) => (each.duration_ms ?? 0) > INTERVAL_MS);
    expect(slow.length).toBeGreaterThan(100);
    expect(distinct_sets).toBeGreaterThan(tickets.length / SET_MAX);
    await expectEverything(upstream, staying, { withinMs: 20_000 });
  });

  it('would be counted as overlapping with a single request of another client', async () => {
    const { upstream } = deployment;
    const before = (await upstream.counters()).overlaps;
    const query = permanent.map((caseId) => `case_ids=${caseId}`).join('&');
    const url = `${upstream.url}/v2/servicerequest/cases/instant-messages?${query}`;
    expect((await exchange(url, { headers: { 'X-Auth-Token': UPSTREAM_TOKEN } })).status).toBe(200);
    expect((await upstream.counters()).overlaps).toBeGreaterThan(before);
  });

  /** Clients connect, send hints and leave until `enough` says so. */
  async function churn(enough: () => Promise<boolean>): Promise<void> {
    const token = await tokenFor({ hints: true });
    const shortLived: ReturnType<typeof clientOf>[] = [];
    const come = async () => {
      const caseIds = random.shuffled(tickets).slice(0, random.integer(1, 4));
      const client = clientOf(random.pick(['sse', 'websocket']), { token, caseIds, history: 0 });
      shortLived.push(client);
      await client.open(deployment.gateway().url);
    };
    await until(
      async () => {
        await (shortLived.length < SHORT_LIVED && random.chance(0.5)
          ? come()
          : shortLived.splice(random.integer(0, shortLived.length), 1)[0]?.close());
        await hint(token, random.shuffled(tickets).slice(0, 3));
        await sleep(STEP_MS);
        return enough();
      },
      CHURN_MS + SPREAD_MS,
      'every worker to have polled',
    );
    shortLived.forEach((client) => client.close());
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
