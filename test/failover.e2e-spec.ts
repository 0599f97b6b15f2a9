import { setTimeout as sleep } from 'node:timers/promises';

import { clientOf, overlappingClients } from './harness/clients/clients.js';
import { useDeployment } from './fixtures/use-deployment.js';
import { expectEverything } from './fixtures/expect-everything.js';
import { CONFIDENTIAL } from './harness/log-faults.js';
import { tokenFor } from './harness/clients/tokens.js';
import { freshTickets, postTraffic } from './harness/upstream/traffic.js';
import { until } from './harness/until.js';

/** Longest time until another worker has taken over, ms. */
const TAKEOVER_MS = 15_000;

describe('failover', () => {
  const deployment = useDeployment({
    gateways: 2,
    workers: 2,
    // Sets of two tickets: several polls are in flight at once, and every worker has some.
    settings: { UPSTREAM_MAX_CASE_IDS: '2' },
    redis: ['--appendonly', 'yes'],
    allowedLogs: { stackTraces: true },
  });
  const started = { clients: [] as ReturnType<typeof overlappingClients>, tickets: [] as string[] };

  beforeEach(async () => {
    await deployment.restore();
    await deployment.upstream.reset();
    started.tickets = freshTickets(16);
    started.clients = overlappingClients(6, started.tickets, { token: await tokenFor() });
    await Promise.all(started.clients.map((client, at) => client.open(deployment.gateway(at % 2).url)));
  });
  afterEach(() => started.clients.forEach((client) => client.close()));

  it('P1: loses and doubles nothing when a worker is killed in the middle of a poll', async () => {
    const { upstream } = deployment;
    const { tickets, clients } = started;
    await upstream.change({ latency_ms: 700 });
    const traffic = postTraffic(upstream, { caseIds: tickets, messages: 160, overMs: 4000 });
    // One worker may have all sets, because a set stays with the worker that polled it first. Its polls of this moment show it.
    const before = [await pollsOf(0), await pollsOf(1)];
    const grown = async () => [(await pollsOf(0)) - (before[0] ?? 0), (await pollsOf(1)) - (before[1] ?? 0)] as const;
    await until(async () => (await grown()).some((polls) => polls >= 6), 10_000, 'polls of one worker');
    const [first, second] = await grown();
    const busier = first >= second ? 0 : 1;
    await until(async () => (await upstream.counters()).in_flight >= 6, 10_000, 'polls in flight');
    await deployment.worker(busier).kill();
    const killedAt = Date.now();
    await traffic;

    await expectEverything(upstream, clients, { withinMs: TAKEOVER_MS });
    const { by_status, overlaps } = await upstream.counters();
    // Otherwise no poll was in flight when the worker was killed.
    expect(by_status['none']).toBeGreaterThan(0);
    // The upstream sees the end of the killed connections at once, so the polls that follow do not overlap.
    expect(overlaps).toBe(0);
    const silences = await silencesSince(killedAt);
    expect(Math.max(...silences)).toBeLessThan(TAKEOVER_MS);
  });

  it('finishes the polls of a stopping worker, and another worker goes on', async () => {
    const { upstream } = deployment;
    const { tickets, clients } = started;
    await upstream.change({ latency_ms: 300 });
    const traffic = postTraffic(upstream, { caseIds: tickets, messages: 160, overMs: 3000 });
    await until(async () => (await upstream.counters()).in_flight >= 4, 10_000, 'polls in flight');
    expect(await deployment.worker(1).stop()).toBe(0);
    await traffic;

    await expectEverything(upstream, clients, { withinMs: TAKEOVER_MS });
    const { by_status, overlaps } = await upstream.counters();
    expect([Object.keys(by_status), overlaps]).toEqual([['200'], 0]);
  });

  it('gives a new worker its share of the sets, long before their residency ends', async () => {
    await deployment.worker(1).stop();
    // Then the other worker has every set.
    await until(async () => (await pollsOf(0)) >= 40, 15_000, 'all sets polled by one worker');
    await deployment.worker(1).start();
    await until(async () => (await pollsOf(1)) >= 20, 15_000, 'polls of the worker that came');
  });

  it('P1: loses and doubles nothing when a gateway is killed and its clients resume at the other', async () => {
    const { upstream } = deployment;
    const { tickets, clients } = started;
    const traffic = postTraffic(upstream, { caseIds: tickets, messages: 160, overMs: 3000 });
    await clients[0]?.recording.count(20);
    await deployment.gateway(0).kill();
    for (const client of clients.filter((_, at) => at % 2 === 0)) {
      await until(() => client.ended !== null, 10_000, 'a client to notice');
      expect(await client.open(deployment.gateway(1).url)).toMatchObject({ recovered: true });
    }
    await traffic;

    await expectEverything(upstream, clients);
  });

  const pollsOf = async (worker: number) =>
    [...(await deployment.worker(worker).metrics('pollcast_polls_total')).values()].reduce(
      (sum, count) => sum + count,
      0,
    );

  it.each(['is stopped', 'is killed'])(
    'R9 P1: loses and doubles nothing when Redis %s and comes back with its append-only file',
    async (how) => {
      const { upstream, redis } = deployment;
      const { tickets, clients } = started;
      const traffic = postTraffic(upstream, { caseIds: tickets, messages: 160, overMs: 4000 });
      await clients[0]?.recording.count(20);
      await (how === 'is killed' ? redis.kill() : redis.down());
      await sleep(1000);
      await redis.up();
      await traffic;

      await expectEverything(upstream, clients, { withinMs: TAKEOVER_MS });
      // The connections of the clients are still open, and new ones are served.
      expect(clients.map(({ ended }) => ended)).toEqual(clients.map(() => null));
      const late = clientOf('sse', { token: await tokenFor(), caseIds: tickets.slice(0, 1), history: 1 });
      await late.open(deployment.gateway(1).url);
      expect(late.recording.contents).toEqual([`${CONFIDENTIAL} 145 of ${tickets[0]}`]);
      late.close();
    },
  );

  /** The longest time without a poll since that instant, for each ticket set, ms. */
  async function silencesSince(instant: number): Promise<number[]> {
    const requests = (await deployment.upstream.requests()).filter(({ at }) => at >= instant);
    const sets = new Set(requests.map(({ case_ids }) => case_ids.join(' ')));
    expect(sets.size).toBe(started.tickets.length / 2);
    return [...sets].map((set) => {
      const times = requests.filter(({ case_ids }) => case_ids.join(' ') === set).map(({ at }) => at);
      return Math.max(...[...times, Date.now()].map((at, index) => at - (times[index - 1] ?? instant)));
    });
  }
});
