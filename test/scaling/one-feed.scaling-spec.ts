import { setTimeout as sleep } from 'node:timers/promises';

import { Redis } from 'ioredis';

import { clientOf } from '../harness/clients/clients.js';
import { tokenFor } from '../harness/clients/tokens.js';
import { Deployment } from '../harness/processes/deployment.js';
import { freshTickets } from '../harness/upstream/traffic.js';
import { until } from '../harness/until.js';

/** Followed by four clients, in 200 sets of 100. */
const [CLIENTS, PER_CLIENT] = [4, 5000];
const INTERVAL_MS = 1000;
/** Messages per second, each to another ticket. */
const MESSAGES_PER_S = 200;
const COUNTED_S = 20;
/** A machine with other work makes polls late. */
const STALEST_MAX_S = 10;

/** What one node of Redis does for one feed. OPERATIONS.md ("One feed is one node") has these figures. */
describe('a feed of 20,000 tickets', () => {
  const deployment = new Deployment({
    redis: ['--stream-node-max-bytes', '1024'],
    settings: {
      POLL_INTERVAL_MS: String(INTERVAL_MS),
      POLL_INTERVAL_MAX_MS: String(INTERVAL_MS),
      MAX_CASES_PER_SUBSCRIPTION: String(PER_CLIENT),
    },
  });
  const clients: { close(): void }[] = [];
  let redis: Redis;

  beforeAll(async () => {
    await deployment.start();
    redis = new Redis(deployment.redis.url);
  }, 60_000);
  afterAll(async () => {
    clients.forEach((client) => client.close());
    redis?.disconnect();
    await deployment.dispose();
  }, 60_000);

  const sumOf = async (name: string) =>
    [...(await deployment.worker().metrics(name)).values()].reduce((sum, value) => sum + value, 0);

  /** Seconds of CPU that Redis has used, and polls, so far. */
  async function spent(): Promise<readonly [cpu: number, polls: number]> {
    const info = await redis.info('cpu');
    const cpu = [...info.matchAll(/^used_cpu_(?:user|sys):([\d.]+)/gm)].reduce((sum, [, s]) => sum + Number(s), 0);
    return [cpu, await sumOf('pollcast_polls_total')];
  }

  /** What one core of Redis does meanwhile. */
  async function measured(what: string, meanwhile: () => Promise<void>): Promise<void> {
    const [cpu, polls] = await spent();
    const from = performance.now();
    await meanwhile();
    const seconds = (performance.now() - from) / 1000;
    const [cpuAfter, pollsAfter] = await spent();
    const rate = (pollsAfter - polls) / seconds;
    const core = (cpuAfter - cpu) / seconds;
    process.stderr.write(
      `scaling  ${what}: ${rate.toFixed(0)} polls/s, ${(core * 100).toFixed(1)} % of a core of Redis, ${((core / rate) * 1e6).toFixed(0)} us per poll\n`,
    );
  }

  it('takes a part of one core of Redis', async () => {
    const tickets = freshTickets(CLIENTS * PER_CLIENT);
    const token = await tokenFor();
    for (let at = 0; at < CLIENTS; at += 1) {
      const client = clientOf('websocket', { token, caseIds: tickets.slice(at * PER_CLIENT, (at + 1) * PER_CLIENT) });
      clients.push(client);
      await client.open(deployment.gateway().url);
    }
    const stalest = () => sumOf('pollcast_stalest_set_seconds');
    await until(async () => (await stalest()) < 3, 120_000, 'each set to be answered');
    await measured('without news', () => sleep(COUNTED_S * 1000));
    await measured(`with ${MESSAGES_PER_S} messages a second`, async () => {
      for (let second = 0; second < COUNTED_S; second += 1) {
        const some = tickets.slice(second * MESSAGES_PER_S, (second + 1) * MESSAGES_PER_S);
        await Promise.all([
          sleep(1000),
          deployment.upstream.post(...some.map((case_id) => ({ case_id, content: 'x'.repeat(60) }))),
        ]);
      }
    });
    expect(await stalest()).toBeLessThan(STALEST_MAX_S);
  }, 300_000);
});
