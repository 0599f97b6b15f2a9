import { Redis } from 'ioredis';

import { clientOf } from './harness/clients/clients.js';
import { useDeployment } from './fixtures/use-deployment.js';
import { expectEverything } from './fixtures/expect-everything.js';
import { CONFIDENTIAL } from './harness/log-faults.js';
import { tokenFor } from './harness/clients/tokens.js';
import { freshTickets } from './harness/upstream/traffic.js';
import { until } from './harness/until.js';

const CLIENTS = 600;
const TICKETS = 60;
/** Connections that are opened at the same time at the start. */
const AT_ONCE = 100;
/** Reads of the history of one ticket at most, for any number of clients. */
const READS_MOST = 2;

describe('clients that lose their connections and reconnect at the same time', () => {
  const deployment = useDeployment({ gateways: 2 });
  const tickets = freshTickets(TICKETS);
  const say = (what: string) =>
    deployment.upstream.post(...tickets.map((case_id) => ({ case_id, content: `${CONFIDENTIAL} ${what}` })));

  /** The number of history reads so far. Nothing else calls this command. */
  async function historyReads(): Promise<number> {
    const redis = new Redis(deployment.redis.url);
    const statistics = await redis.info('commandstats');
    redis.disconnect();
    return Number(/cmdstat_xrevrange:calls=(\d+)/.exec(statistics)?.[1] ?? 0);
  }

  /** Waits until the posted messages are in Redis. No client is connected, so polls are counted. */
  async function untilPolled(): Promise<void> {
    const { requests } = await deployment.upstream.counters();
    await until(async () => (await deployment.upstream.counters()).requests >= requests + 3, 15_000, 'three polls');
  }

  it('all recover, with at most two reads per ticket, at the same gateway and at another one', async () => {
    const token = await tokenFor();
    const clients = Array.from({ length: CLIENTS }, (_, number) =>
      clientOf(number % 2 === 0 ? 'sse' : 'websocket', { token, caseIds: [tickets[(number >> 1) % TICKETS] ?? ''] }),
    );
    for (let start = 0; start < CLIENTS; start += AT_ONCE) {
      await Promise.all(clients.slice(start, start + AT_ONCE).map((client) => client.open(deployment.gateway(0).url)));
    }
    await say('before');
    await expectEverything(deployment.upstream, clients);

    for (const gateway of [0, 1]) {
      clients.forEach((client) => client.cut());
      await say(`missed, then told by gateway ${gateway}`);
      await untilPolled();
      const before = await historyReads();
      const readies = await Promise.all(clients.map((client) => client.open(deployment.gateway(gateway).url)));
      expect(readies.filter(({ recovered }) => !recovered)).toEqual([]);
      expect((await historyReads()) - before).toBeLessThanOrEqual(READS_MOST * TICKETS);
    }

    expect(await expectEverything(deployment.upstream, clients)).toBe(CLIENTS * 3);
    clients.forEach((client) => client.close());
  });
});
