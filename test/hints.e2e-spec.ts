import { setTimeout as sleep } from 'node:timers/promises';

import { Redis } from 'ioredis';

import { clientOf } from './harness/clients/clients.js';
import { useDeployment } from './fixtures/use-deployment.js';
import { exchange } from './harness/clients/exchange.js';
import { CONFIDENTIAL } from './harness/log-faults.js';
import { tokenFor } from './harness/clients/tokens.js';
import { freshTickets, ticketWithPast } from './harness/upstream/traffic.js';
import { until } from './harness/until.js';

const INTERVAL_MS = 5000;
const TRANSPORTS = ['sse', 'websocket', 'polling'] as const;

/** A hint of a backend leads to a poll at once. */
describe('a hint', () => {
  const deployment = useDeployment({
    settings: { POLL_INTERVAL_MS: String(INTERVAL_MS), POLL_INTERVAL_MAX_MS: String(INTERVAL_MS) },
    redis: ['--maxmemory-policy', 'allkeys-lru'],
  });
  const hint = async (body: unknown, token?: string) =>
    exchange(`${deployment.gateway().url}/v1/hints`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${token ?? (await tokenFor({ hints: true }))}`,
      },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });

  it('brings a message to the followers of the ticket long before the next poll', async () => {
    const { upstream } = deployment;
    const caseId = await ticketWithPast(deployment, 0);
    const client = clientOf('sse', { token: await tokenFor(), caseIds: [caseId] });
    await client.open(deployment.gateway().url);
    const seen: number[] = [];
    for (let message = 1; message <= 3; message += 1) {
      await sleep(300); // Hints lead to at most one poll of a set per 200 ms.
      const postedAt = Date.now();
      await upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} ${message}` });
      expect((await hint({ case_ids: [caseId] })).status).toBe(204);
      await client.recording.count(message);
      seen.push(Date.now() - postedAt);
    }
    // One of the three may have come with a poll that was due, but not all three.
    expect(Math.max(...seen)).toBeLessThan(INTERVAL_MS / 2);
    client.close();
  });

  it('is served like everything else with the rights in Redis that OPERATIONS.md names, and with no more', async () => {
    const { upstream, redis } = deployment;
    const [caseId = ''] = freshTickets(1);
    const token = await tokenFor();
    const clients = TRANSPORTS.map((transport) => clientOf(transport, { token, caseIds: [caseId] }));
    await Promise.all(clients.map((client) => client.open(deployment.gateway().url)));
    await upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} with few rights` });
    expect((await hint({ case_ids: [caseId] })).status).toBe(204);
    await Promise.all(clients.map(({ recording }) => recording.count(1)));
    await deployment.gateway().stop();
    for (const { recording } of clients) expect(recording.of('closing')[0]?.data.reason).toBe('draining');
    await deployment.restore();

    const admin = new Redis(redis.url);
    expect(await admin.acl('LOG')).toEqual([]);
    // Nothing lies outside of the pattern, so nobody needs more rights to back it up, to move or to delete it.
    expect((await admin.keys('*')).filter((key) => !key.startsWith('pollcast:'))).toEqual([]);
    const channels = (await admin.pubsub('CHANNELS')) as string[];
    expect(channels.filter((channel) => !channel.startsWith('pollcast:'))).toEqual([]);
    admin.disconnect();
  });

  it('is served by a Redis that may evict keys, which each program tells in one line and by a metric', async () => {
    for (const program of [deployment.gateway(), deployment.worker()]) {
      const lines = () => program.stdout.split('\n').filter((line) => line.includes('Redis may evict keys'));
      // The gateway has been started twice.
      const times = program === deployment.gateway() ? 2 : 1;
      await until(
        () => lines().length >= times,
        15_000,
        () => `the line\n${program.tail()}`,
      );
      const warnings = lines().map((line) => JSON.parse(line) as object);
      expect(warnings).toEqual(warnings.map(() => expect.objectContaining({ level: 'warn', policy: 'allkeys-lru' })));
      expect(warnings).toHaveLength(times);
      expect((await exchange(`${program.url}/metrics`)).text).toMatch(/^pollcast_redis_evicting\{.*\} 1$/m);
    }
  });

  it('leads to no poll of a ticket that nobody follows', async () => {
    const [caseId = ''] = freshTickets(1);
    await deployment.upstream.resetCounters();
    expect((await hint({ case_ids: [caseId] })).status).toBe(204);
    await sleep(1000);
    const asked = (await deployment.upstream.requests()).flatMap(({ case_ids }) => case_ids);
    expect(asked).not.toContain(caseId);
  });

  it('is refused without the claim, without a right to the ticket, and with a wrong body', async () => {
    const problem = async (answer: ReturnType<typeof hint>) => {
      const { status, text } = await answer;
      return [status, (JSON.parse(text) as { code: string }).code];
    };
    expect(await problem(hint({ case_ids: ['T1'] }, await tokenFor()))).toEqual([403, 'forbidden']);
    const narrow = await tokenFor({ hints: true, cases: ['T2'] });
    expect(await problem(hint({ case_ids: ['T1'] }, narrow))).toEqual([403, 'forbidden']);
    expect(await problem(hint({ case_ids: ['T1'] }, 'nonsense'))).toEqual([401, 'unauthorized']);
    for (const body of ['{"case_ids":', 'null', '[]', '{}', '{"case_ids":[]}', '{"case_ids":[1]}', '"x"', '']) {
      expect([body, await problem(hint(body))]).toEqual([body, [400, 'invalid']]);
    }
    const many = Array.from({ length: 10_000 }, (_, number) => `t${number}`);
    expect((await problem(hint({ case_ids: many })))[0]).toBeGreaterThanOrEqual(400);
  });
});
