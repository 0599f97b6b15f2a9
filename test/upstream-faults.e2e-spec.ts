import { setTimeout as sleep } from 'node:timers/promises';

import { clientOf } from './harness/clients/clients.js';
import { useDeployment } from './fixtures/use-deployment.js';
import { expectEverything } from './fixtures/expect-everything.js';
import { CONFIDENTIAL } from './harness/log-faults.js';
import type { Fault } from './harness/upstream/simulator-control.js';
import { tokenFor } from './harness/clients/tokens.js';
import { freshTickets } from './harness/upstream/traffic.js';
import { until } from './harness/until.js';

/** An error is not an answer (invariant 5): clients are told, and messages of that time are delivered once, afterwards. */
describe('an upstream that fails', () => {
  const deployment = useDeployment({
    settings: (upstream) => ({
      UPSTREAM_AUTH: 'iam',
      IAM_BASE_URL: upstream,
      IAM_USERNAME: 'demo',
      IAM_PASSWORD: 'demo',
      IAM_DOMAIN: 'demo',
      UPSTREAM_TIMEOUT_MS: '600',
      UPSTREAM_MAX_BODY_BYTES: '1000000',
    }),
  });

  afterEach(() => deployment.upstream.clearFaults());

  it.each<[Fault, string]>([
    [{ kind: 'status', status: 500 }, 'upstream_unavailable'],
    [{ kind: 'status', status: 503, body: '' }, 'upstream_unavailable'],
    [{ kind: 'error_in_200', error_code: 'OSM.01010001' }, 'upstream_rejected'],
    [{ kind: 'error_in_200', error_code: 'OSM.9999' }, 'upstream_rejected'],
    [{ kind: 'throttle' }, 'upstream_throttled'],
    [{ kind: 'html' }, 'upstream_unavailable'],
    [{ kind: 'status', status: 403, body: '<html></html>', content_type: 'text/html' }, 'upstream_unavailable'],
    [{ kind: 'status', status: 403, body: { error_code: 'OSM.01010002' } }, 'upstream_refused'],
    [{ kind: 'redirect', location: 'http://127.0.0.1:1/' }, 'upstream_rejected'],
    [{ kind: 'hang' }, 'upstream_timeout'],
    [{ kind: 'drip' }, 'upstream_timeout'],
    [{ kind: 'reset' }, 'upstream_unavailable'],
    [{ kind: 'truncate' }, 'upstream_unavailable'],
    [{ kind: 'bad_json' }, 'upstream_malformed'],
    [{ kind: 'wrong_charset' }, 'upstream_malformed'],
    [{ kind: 'wrong_content_type' }, 'upstream_malformed'],
    [{ kind: 'huge', bytes: 2_000_000 }, 'upstream_malformed'],
  ])(
    'E8: is degraded and then ok for its clients, and nothing is lost: %j',
    async (fault, reason) => {
      const { upstream } = deployment;
      const [caseId = ''] = freshTickets(1);
      const token = await tokenFor();
      const clients = (['sse', 'websocket'] as const).map((transport) =>
        clientOf(transport, { token, caseIds: [caseId] }),
      );
      await Promise.all(clients.map((client) => client.open(deployment.gateway().url)));
      await upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} before` });
      await Promise.all(clients.map(({ recording }) => recording.count(1)));

      await upstream.inject(fault);
      await upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} meanwhile` });
      for (const { recording } of clients) {
        const { data } = await recording.next('upstream');
        expect(data).toMatchObject({
          state: 'degraded',
          reason,
          since: expect.any(String),
        });
      }
      // A new client is told first.
      const late = clientOf('sse', { token, caseIds: [caseId] });
      await late.open(deployment.gateway().url);
      expect(late.recording.frames[0]).toMatchObject({ event: 'upstream', data: { state: 'degraded' } });
      expect(late.recording.contents).toEqual([`${CONFIDENTIAL} before`]);

      await upstream.clearFaults();
      for (const { recording } of [...clients, late]) {
        await recording.next('upstream', ({ state }) => state === 'ok');
      }
      await expectEverything(upstream, [...clients, late], { quietMs: 400 });
      for (const { recording } of [...clients, late]) {
        expect(recording.of('upstream').map(({ data }) => data.state)).toEqual(['degraded', 'ok']);
        expect(recording.of('revoked')).toEqual([]);
      }
      [...clients, late].forEach((client) => client.close());
    },
    45_000,
  );

  it('gets no request of the account for as long as its 429 says', async () => {
    const { upstream } = deployment;
    const caseIds = freshTickets(1);
    const token = await tokenFor();
    // Three languages are three ticket sets.
    const clients = ['zh-cn', 'en-us', 'de-de'].map((language) => clientOf('sse', { token, caseIds, language }));
    await Promise.all(clients.map((client) => client.open(deployment.gateway().url)));
    await upstream.resetCounters();
    await upstream.inject({ kind: 'throttle', retry_after: 2, times: 1 });
    await until(async () => (await upstream.counters()).by_status['429'], 10_000, 'a 429');
    await sleep(3500);
    const requests = await upstream.requests();
    const refusedAt = requests.find(({ status }) => status === 429)?.at ?? 0;
    // Requests of the same instant are sent already.
    const next = requests.find(({ at }) => at > refusedAt + 100)?.at ?? 0;
    expect(next - refusedAt).toBeGreaterThanOrEqual(1900);
    clients.forEach((client) => client.close());
  });

  it.each(['400', '200'] as const)('refuses every cursor (%s), and clients notice nothing', async (as) => {
    const { upstream } = deployment;
    const caseIds = freshTickets(2);
    const token = await tokenFor();
    const clients = (['sse', 'websocket'] as const).map((transport) => clientOf(transport, { token, caseIds }));
    await Promise.all(clients.map((client) => client.open(deployment.gateway().url)));
    const say = (what: string) =>
      upstream.post(...caseIds.map((case_id) => ({ case_id, content: `${CONFIDENTIAL} ${what} in ${case_id}` })));
    await say('before');
    await Promise.all(clients.map(({ recording }) => recording.count(2)));
    const refused = async () =>
      [...(await deployment.worker().metrics('pollcast_cursors_refused_total')).values()][0] ?? 0;
    const refusedBefore = await refused();
    await upstream.inject({ kind: 'refuse_cursor', as });
    await say('meanwhile');
    await Promise.all(clients.map(({ recording }) => recording.count(4)));
    expect(await refused()).toBeGreaterThan(refusedBefore);
    await upstream.clearFaults();
    await say('after');
    await expectEverything(upstream, clients, { quietMs: 400 });
    for (const { recording } of clients) {
      expect([recording.of('upstream'), recording.of('revoked'), recording.of('gap')]).toEqual([[], [], []]);
    }
    clients.forEach((client) => client.close());
  });

  it('refuses a token, which is renewed, and clients notice nothing', async () => {
    const { upstream } = deployment;
    const [caseId = ''] = freshTickets(1);
    const client = clientOf('sse', { token: await tokenFor(), caseIds: [caseId] });
    await client.open(deployment.gateway().url);
    await upstream.resetCounters();
    await upstream.inject({ kind: 'token_expired', times: 1 });
    await until(async () => (await upstream.counters()).by_status['401'], 10_000, 'a 401');
    await upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} after` });
    await expectEverything(upstream, [client]);
    expect((await upstream.counters()).logins).toBe(1);
    expect(client.recording.of('upstream')).toEqual([]);
    client.close();
  });
});
