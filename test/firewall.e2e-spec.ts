import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { clientOf } from './harness/clients/clients.js';
import { useDeployment } from './fixtures/use-deployment.js';
import { expectEverything } from './fixtures/expect-everything.js';
import { CONFIDENTIAL } from './harness/log-faults.js';
import type { Fault, LoggedRequest } from './harness/upstream/simulator-control.js';
import { tokenFor } from './harness/clients/tokens.js';
import { freshTickets } from './harness/upstream/traffic.js';

const INTERVAL_MS = 300;
const OUTAGE_MS = 3000;
/** The simulator may measure a slightly shorter time between two requests than the worker. */
const CLOCK_SLACK_MS = 40;
/** Answers of a firewall that blocks all requests. */
const PAGE = '<!doctype html><html><body><h1>403 Forbidden</h1></body></html>';
const BLOCKED: readonly Fault[] = [
  { kind: 'status', status: 403, body: PAGE, content_type: 'text/html' },
  { kind: 'status', status: 403, body: '{"message":"Forbidden"}' },
  { kind: 'status', status: 406, body: PAGE, content_type: 'text/html' },
];

/** The shortest time between two requests of one ticket set, ms. */
function shortestGap(requests: readonly LoggedRequest[]): number {
  const last = new Map<string, number>();
  let shortest = Infinity;
  for (const { at, case_ids } of requests) {
    const set = case_ids.join();
    shortest = Math.min(shortest, at - (last.get(set) ?? -Infinity));
    last.set(set, at);
  }
  return shortest;
}

/** An answer that names no ticket must not put a ticket into quarantine. */
describe('an upstream that answers for no ticket', () => {
  const deployment = useDeployment({
    workers: 2,
    settings: {
      LANGUAGES: 'en-us,de-de',
      POLL_INTERVAL_MS: String(INTERVAL_MS),
      POLL_INTERVAL_MAX_MS: String(INTERVAL_MS),
    },
  });
  afterEach(() => deployment.upstream.clearFaults());

  /** Three ticket sets, of which two have several tickets. */
  async function subscribed() {
    const token = await tokenFor();
    const clients = [
      clientOf('sse', { token, caseIds: freshTickets(100), language: 'zh-cn' }),
      clientOf('websocket', { token, caseIds: freshTickets(7), language: 'en-us' }),
      clientOf('sse', { token, caseIds: freshTickets(1), language: 'de-de' }),
    ];
    await Promise.all(clients.map((client) => client.open(deployment.gateway().url)));
    await sleep(4 * INTERVAL_MS);
    return clients;
  }

  async function expectNobodyBlamed(fault: Fault, reason: string) {
    const { upstream } = deployment;
    const clients = await subscribed();
    await upstream.inject(fault);
    await sleep(100); // Requests in flight are answered by now.
    await upstream.resetCounters();
    await sleep(OUTAGE_MS);
    const requests = await upstream.requests();
    await upstream.post(
      ...clients.map(({ options: { caseIds } }) => ({
        case_id: caseIds[0] ?? '',
        content: `${CONFIDENTIAL} meanwhile`,
      })),
    );
    await upstream.clearFaults();
    await Promise.all(clients.map(({ recording }) => recording.next('upstream', ({ state }) => state === 'ok')));
    await expectEverything(upstream, clients);
    for (const { recording } of clients) {
      expect(recording.of('revoked')).toEqual([]);
      expect(recording.of('upstream').map(({ data }) => [data.state, data.reason])).toEqual([
        ['degraded', reason],
        ['ok', undefined],
      ]);
    }
    clients.forEach((client) => client.close());
    return requests;
  }

  it.each(BLOCKED)('is polled no faster than before while a firewall answers instead: %j', async (fault) => {
    const requests = await expectNobodyBlamed(fault, 'upstream_unavailable');
    expect(requests.length).toBeGreaterThan(3);
    const gap = shortestGap(requests);
    process.stderr.write(`${requests.length} requests for 3 sets in ${OUTAGE_MS} ms, ${gap} ms apart at least\n`);
    expect(gap).toBeGreaterThanOrEqual(INTERVAL_MS - CLOCK_SLACK_MS);
    expect(requests.length).toBeLessThanOrEqual((3 * OUTAGE_MS) / INTERVAL_MS + 3);
  });

  it('quarantines no ticket while it refuses all of them', async () => {
    const fault = { kind: 'status', status: 403, body: { error_code: 'OSM.0003', error_msg: 'No permission' } };
    const requests = await expectNobodyBlamed(fault, 'upstream_refused');
    // One bisection for each set, and then the usual pace.
    expect(requests.length).toBeLessThanOrEqual((3 * OUTAGE_MS) / INTERVAL_MS + 3 * 10);
  });

  it('gets the name of the client in User-Agent', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    const client = clientOf('sse', { token: await tokenFor(), caseIds: freshTickets(1) });
    await client.open(deployment.gateway().url);
    await sleep(2 * INTERVAL_MS);
    const agents = (await deployment.upstream.requests()).map(({ user_agent }) => user_agent);
    expect([...new Set(agents)]).toEqual([`pollcast/${version}`]);
    client.close();
  });
});
