import { setTimeout as sleep } from 'node:timers/promises';

import { clientOf } from './harness/clients/clients.js';
import { useDeployment } from './fixtures/use-deployment.js';
import type { Deployment } from './harness/processes/deployment.js';
import { expectEverything } from './fixtures/expect-everything.js';
import { CONFIDENTIAL, SIGNING_SECRETS } from './harness/log-faults.js';
import { tokenFor } from './harness/clients/tokens.js';
import { freshTickets } from './harness/upstream/traffic.js';
import { until } from './harness/until.js';

const LANGUAGES = ['zh-cn', 'en-us', 'de-de', 'fr-fr'];

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
    settings: (upstream) => ({
      UPSTREAM_AUTH: 'iam',
      IAM_BASE_URL: upstream,
      IAM_USERNAME: 'demo',
      IAM_PASSWORD: 'demo',
      IAM_DOMAIN: 'demo',
    }),
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
