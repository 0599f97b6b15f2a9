import { setTimeout as sleep } from 'node:timers/promises';

import { useDeployment } from './fixtures/use-deployment.js';
import { expectEverything } from './fixtures/expect-everything.js';
import { CONFIDENTIAL } from './harness/log-faults.js';
import { SseClient } from './harness/clients/sse-client.js';
import { tokenFor } from './harness/clients/tokens.js';
import { freshTickets } from './harness/upstream/traffic.js';

const CLIENTS = 1000;
/** Connections that are opened at the same time at the start. */
const AT_ONCE = 100;
/** Shortest time span over which dropped clients have to reconnect, ms. */
const SPREAD_MS = 1500;

describe('a reconnect storm', () => {
  const deployment = useDeployment({ gateways: 2, workers: 1 });

  it('of a thousand clients of a killed gateway is spread over a jittered time span, and each client has everything once', async () => {
    const { upstream } = deployment;
    const tickets = freshTickets(20);
    const token = await tokenFor();
    const clients = Array.from({ length: CLIENTS }, (_, number) => {
      const caseIds = [0, 7].map((step) => tickets[(number + step) % tickets.length] ?? '');
      return new SseClient({ token, caseIds });
    });
    const say = (what: string) =>
      upstream.post(...tickets.map((case_id) => ({ case_id, content: `${CONFIDENTIAL} ${what} of ${case_id}` })));
    for (let start = 0; start < clients.length; start += AT_ONCE) {
      await Promise.all(clients.slice(start, start + AT_ONCE).map((client) => client.open(deployment.gateway(0).url)));
    }
    await say('before');
    await Promise.all(clients.map((client) => client.recording.count(2, 30_000)));

    await deployment.gateway(0).kill();
    await say('meanwhile');
    const waits = clients.map(({ recording }) => recording.retries.at(-1) ?? 0);
    expect(Math.max(...waits) - Math.min(...waits)).toBeGreaterThan(SPREAD_MS);
    const readies = await Promise.all(
      clients.map(async (client, at) => {
        await sleep(waits[at]);
        return client.open(deployment.gateway(1).url);
      }),
    );
    expect(readies.filter(({ recovered }) => !recovered)).toEqual([]);
    await say('after');

    expect(await expectEverything(upstream, clients)).toBe(CLIENTS * 2 * 3);
    clients.forEach((client) => client.close());
  }, 120_000);
});
