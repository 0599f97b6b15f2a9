import { createHash, randomBytes } from 'node:crypto';

import { Redis } from 'ioredis';

import { useDeployment } from './fixtures/use-deployment.js';
import { SocketClient } from './harness/clients/socket-client.js';
import { SseClient, StreamRefused } from './harness/clients/sse-client.js';
import { CONFIDENTIAL } from './harness/log-faults.js';
import { until } from './harness/until.js';
import { freshTickets } from './harness/upstream/traffic.js';

const TTL_S = 1;
const token = () => `MII${randomBytes(30).toString('base64url')}`;

/** Clients have tokens of the upstream and no others. Workers poll with the token of the account. */
describe('AUTH_MODE=upstream', () => {
  const deployment = useDeployment({
    settings: { AUTH_MODE: 'upstream', AUTH_JWT_SECRET: '', AUTH_PROBE_TTL_S: String(TTL_S) },
  });
  const [alice, bob, carol] = [token(), token(), token()];
  const [caseId = '', other = ''] = freshTickets(2);
  beforeAll(() =>
    deployment.upstream.post(
      { case_id: caseId, content: `${CONFIDENTIAL} {n}`, count: 2 },
      { case_id: other, content: CONFIDENTIAL },
    ),
  );
  beforeEach(() => deployment.upstream.limitTokens({ [alice]: [caseId, other], [bob]: [caseId], [carol]: [other] }));

  it('A11: reads what the upstream lets each token read, and only that', async () => {
    const one = new SseClient({ token: alice, caseIds: [caseId, other] });
    const two = new SseClient({ token: bob, caseIds: [caseId, other] });
    await one.open(deployment.gateway().url);
    await until(() => one.recording.of('message').length === 3);
    await expect(two.open(deployment.gateway().url)).rejects.toMatchObject(
      expect.objectContaining({ status: 403, problem: expect.objectContaining({ case_ids: [other] }) }),
    );
    await expect(
      new SseClient({ token: token(), caseIds: [caseId] }).open(deployment.gateway().url),
    ).rejects.toBeInstanceOf(StreamRefused);
    one.close();
  });

  it('A11 E9: tells a client that its right has ended, while it is connected', async () => {
    const client = new SocketClient({ token: alice, caseIds: [caseId, other] }, 'websocket');
    await client.open(deployment.gateway().url);
    await deployment.upstream.limitTokens({ [alice]: [other] });
    const [revoked] = await until(() => client.recording.of('revoked').length > 0 && client.recording.of('revoked'));
    expect(revoked?.data).toEqual({ case_ids: [caseId], reason: 'rights' });
    client.close();
  });

  it('A11: is unavailable, and refuses nobody, while the upstream fails', async () => {
    await deployment.upstream.inject({ kind: 'html' });
    const late = new SseClient({ token: carol, caseIds: [other], headers: { accept: '*/*' } });
    await expect(late.open(deployment.gateway().url)).rejects.toMatchObject({ status: 503, retryAfter: '2' });
    await deployment.upstream.clearFaults();
  });

  it('A11: asks about exactly the tickets of each client', async () => {
    const asked = (await deployment.upstream.requests()).filter(({ user_agent }) => user_agent?.endsWith('(rights)'));
    expect(asked.length).toBeGreaterThan(3);
    expect(asked.flatMap(({ case_ids }) => case_ids).filter((each) => each !== caseId && each !== other)).toEqual([]);
  });

  it('leaves no trace of the token in logs and in Redis', async () => {
    const redis = new Redis(deployment.redis.url);
    const traces = [alice, bob].flatMap((each) => [each, createHash('sha256').update(each).digest('hex')]);
    const kept = await everything(redis);
    redis.disconnect();
    const written = [...deployment.gateways, ...deployment.workers].map(({ stdout }) => stdout).join('');
    expect(kept).toContain(caseId);
    expect(traces.filter((trace) => kept.includes(trace) || written.includes(trace))).toEqual([]);
  });
});

/** Every key of a Redis, and what it holds. */
async function everything(redis: Redis): Promise<string> {
  const keys = await redis.keys('*');
  const held = await Promise.all(keys.map(async (key) => [key, (await redis.dumpBuffer(key))?.toString('latin1')]));
  return held.flat().join('\n');
}
