import { setTimeout as sleep } from 'node:timers/promises';

import { clientOf } from './harness/clients/clients.js';
import { useDeployment } from './fixtures/use-deployment.js';
import type { Deployment } from './harness/processes/deployment.js';
import { exchange } from './harness/clients/exchange.js';
import { expectEverything } from './fixtures/expect-everything.js';
import { CONFIDENTIAL, SIGNING_SECRETS, WRONG_PASSWORD } from './harness/log-faults.js';
import { tokenFor } from './harness/clients/tokens.js';
import { freshTickets } from './harness/upstream/traffic.js';
import { until } from './harness/until.js';

const LANGUAGES = ['zh-cn', 'en-us', 'de-de', 'fr-fr'];

const byIam = (upstream: string) => ({
  UPSTREAM_AUTH: 'iam',
  IAM_BASE_URL: upstream,
  IAM_USERNAME: 'demo',
  IAM_PASSWORD: 'demo',
  IAM_DOMAIN: 'demo',
});

/** Clients of one ticket in several languages. Each language has its own ticket set. */
async function subscribed(deployment: Deployment, caseId: string) {
  const token = await tokenFor();
  const clients = LANGUAGES.map((language) => clientOf('sse', { token, caseIds: [caseId], language }));
  await Promise.all(clients.map((client) => client.open(deployment.gateway().url)));
  return clients;
}

describe('a worker that logs in to IAM', () => {
  const LIFETIME_S = 6;
  const deployment = useDeployment({
    settings: byIam,
    simulator: { SIMULATOR_QUIRKS: JSON.stringify({ token_lifetime_s: LIFETIME_S }) },
  });

  it('logs in once for any number of sets, before the token expires', async () => {
    const { upstream } = deployment;
    const [caseId = ''] = freshTickets(1);
    const clients = await subscribed(deployment, caseId);
    await until(async () => (await upstream.counters()).requests > LANGUAGES.length, 10_000, 'polls');
    await upstream.resetCounters();
    await sleep(LIFETIME_S * 1000);
    await upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} over a renewal` });
    await expectEverything(upstream, clients);
    const { logins, by_status } = await upstream.counters();
    expect(logins).toBeGreaterThanOrEqual(1);
    expect(logins).toBeLessThanOrEqual(2);
    expect(by_status['401']).toBeUndefined();
    clients.forEach((client) => client.close());
  }, 40_000);

  it('polls with the old token while IAM is down, is degraded when that token has expired, and recovers with IAM', async () => {
    const { upstream } = deployment;
    const [caseId = ''] = freshTickets(1);
    const clients = await subscribed(deployment, caseId);
    await upstream.resetCounters();
    // Begins at a renewal, so that the token is new.
    await until(async () => (await upstream.counters()).logins, 15_000, 'a renewal');
    const issuedAt = Date.now();
    await upstream.inject({ kind: 'status', status: 503, target: 'iam' });
    await sleep(LIFETIME_S * 1000 * 0.9 - (Date.now() - issuedAt));
    await upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} while IAM is down` });
    await Promise.all(clients.map(({ recording }) => recording.count(1)));
    expect(Date.now() - issuedAt).toBeLessThan(LIFETIME_S * 1000 + 500);
    for (const { recording } of clients) {
      const { data } = await recording.next('upstream');
      expect(data).toMatchObject({ state: 'degraded', reason: expect.stringMatching(/^upstream_un/) });
    }
    await upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} without a token` });
    await upstream.clearFaults();
    await Promise.all(clients.map(({ recording }) => recording.next('upstream', ({ state }) => state === 'ok')));
    await expectEverything(upstream, clients);
    clients.forEach((client) => client.close());
  }, 60_000);

  it('replaces a revoked token with one login, and clients notice nothing', async () => {
    const { upstream } = deployment;
    const [caseId = ''] = freshTickets(1);
    const clients = await subscribed(deployment, caseId);
    await until(async () => (await upstream.counters()).requests, 10_000, 'polls');
    await upstream.resetCounters();
    await upstream.inject({ kind: 'token_expired', times: 1 });
    await until(async () => (await upstream.counters()).by_status['401'], 10_000, 'a 401');
    await upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} after` });
    await expectEverything(upstream, clients);
    // One for the revoked token, and another one may be due.
    expect((await upstream.counters()).logins).toBeLessThanOrEqual(2);
    clients.forEach((client) => expect(client.recording.of('upstream')).toEqual([]));
    clients.forEach((client) => client.close());
  }, 40_000);
});

describe('workers whose password is wrong', () => {
  /** An interval, and what a busy machine adds, ms. */
  const SOON_MS = 200 + 1000;
  const deployment = useDeployment({ workers: 0, settings: byIam });

  it('log in three times in all, say so, and keep nothing from a worker whose password is right', async () => {
    const { upstream } = deployment;
    const [caseId = ''] = freshTickets(1);
    const client = clientOf('sse', { token: await tokenFor(), caseIds: [caseId] });
    await client.open(deployment.gateway().url);
    const wrong = await Promise.all(
      ['one', 'two'].map((name) => deployment.addWorker(`wrong ${name}`, { IAM_PASSWORD: WRONG_PASSWORD })),
    );
    const [one, two] = wrong;
    wrong.forEach((worker) => worker.launch());
    await until(() => wrong.every(({ stdout }) => stdout.includes('not tried')), 20_000, 'both to try no more');
    await one?.kill();
    one?.launch();
    await until(() => one?.stdout.split('waiting for its login').length === 3, 20_000, 'the restarted one to wait');
    expect((await upstream.counters()).logins).toBe(3);
    expect(two?.stdout.match(/"upstream credentials: .*?"/g)).toEqual([
      '"upstream credentials: IAM answered 401: refused, look at IAM_USERNAME, IAM_PASSWORD, IAM_DOMAIN and IAM_PROJECT"',
      expect.stringMatching(/^"upstream credentials: not tried for up to \d+ s, too many were refused: look at IAM_/),
    ]);
    const attempts = [...((await two?.metrics('pollcast_credential_attempts_total')) ?? [])];
    const refused = attempts.filter(([sample, count]) => sample.includes('outcome="refused"') && count > 0);
    expect(refused).toHaveLength(1);
    const ready = await exchange(`${two?.url}/health/ready`);
    expect([ready.status, ready.text]).toEqual([503, expect.stringContaining('"login":"failing"')]);

    await upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} before the right one` });
    const right = await deployment.addWorker('right', {});
    await right.start();
    const readyAt = Date.now();
    await client.recording.count(1);
    const tookMs = (client.recording.messages[0]?.at ?? Infinity) - readyAt;
    process.stderr.write(`the first message came ${tookMs} ms after the worker with the right password was ready\n`);
    expect(tookMs).toBeLessThan(SOON_MS);
    await upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} after it` });
    await expectEverything(upstream, [client]);
    const reasons = client.recording
      .of('upstream')
      .flatMap(({ data }) => (data.state === 'degraded' ? [data.reason] : []));
    expect(reasons.filter((reason) => reason !== 'not_polled')).toEqual([]);
    expect((await upstream.counters()).logins).toBe(4);
    client.close();
  }, 60_000);
});

describe('a worker that signs its requests', () => {
  const [secretKey, securityToken] = SIGNING_SECRETS;
  const deployment = useDeployment({
    settings: {
      UPSTREAM_AUTH: 'aksk',
      UPSTREAM_ACCESS_KEY: 'ACCESSKEY',
      UPSTREAM_SECRET_KEY: secretKey,
      UPSTREAM_SECURITY_TOKEN: securityToken,
      UPSTREAM_DOMAIN_ID: 'id-of-the-account',
      UPSTREAM_PROJECT_ID: 'id-of-the-project',
      UPSTREAM_TRIM_RICH_TEXT: 'false',
    },
    simulator: {
      SIMULATOR_ACCESS_KEY: 'ACCESSKEY',
      SIMULATOR_SECRET_KEY: secretKey,
      SIMULATOR_SECURITY_TOKEN: securityToken,
      SIMULATOR_DOMAIN_ID: 'id-of-the-account',
      SIMULATOR_PROJECT_ID: 'id-of-the-project',
    },
  });

  it('signs every request correctly, with any ticket ids', async () => {
    const { upstream } = deployment;
    const tickets = ['a&b=c', "it's(one)*", '%41+~', ...freshTickets(20)];
    const token = await tokenFor({ groups: ['*'] });
    const plain = clientOf('sse', { token, caseIds: tickets });
    const grouped = clientOf('websocket', { token, caseIds: tickets.slice(0, 3), groupId: 'grüße / 1&2' });
    await Promise.all([plain, grouped].map((client) => client.open(deployment.gateway().url)));
    await upstream.post(...tickets.map((case_id) => ({ case_id, content: `${CONFIDENTIAL} of <b>${case_id}</b>` })));
    await expectEverything(upstream, [plain]);
    const { by_status } = await upstream.counters();
    expect(Object.keys(by_status)).toEqual(['200']);
    const asked = (await upstream.requests()).filter(({ case_ids }) => case_ids.length === 3);
    expect(asked.length).toBeGreaterThan(0);
    [plain, grouped].forEach((client) => client.close());
  }, 40_000);
});
