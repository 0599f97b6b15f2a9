import { clientOf } from './harness/clients/clients.js';
import { useDeployment } from './fixtures/use-deployment.js';
import { expectEverything } from './fixtures/expect-everything.js';
import { tokenFor } from './harness/clients/tokens.js';
import { freshTickets, postTraffic } from './harness/upstream/traffic.js';

const MAX_RPS = 10;

/** `UPSTREAM_MAX_RPS` limits all workers together. A deployment that needs more requests becomes slower. */
describe('the quota', () => {
  const deployment = useDeployment({
    workers: 2,
    // Twenty sets every 200 ms are a hundred requests per second.
    settings: { UPSTREAM_MAX_RPS: String(MAX_RPS), UPSTREAM_MAX_CASE_IDS: '1' },
  });

  it('limits two workers that need ten times as much, and everything is delivered', async () => {
    const { upstream } = deployment;
    const caseIds = freshTickets(20);
    const client = clientOf('sse', { token: await tokenFor(), caseIds });
    await client.open(deployment.gateway().url);
    await upstream.resetCounters();
    await postTraffic(upstream, { caseIds, messages: 60, overMs: 5000 });
    await expectEverything(upstream, [client]);

    const requests = (await upstream.requests()).map(({ at }) => at);
    const within = (from: number, ms: number) => requests.filter((at) => at >= from && at < from + ms).length;
    // In any second. The time between two requests differs a little between worker and upstream.
    expect(Math.max(...requests.map((from) => within(from, 1000)))).toBeLessThanOrEqual(MAX_RPS + 2);
    // Most of the quota is used.
    expect(within(requests[0] ?? 0, 5000)).toBeGreaterThanOrEqual(MAX_RPS * 5 * 0.7);
    expect((await upstream.counters()).overlaps).toBe(0);
    client.close();
  });
});
