import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { AKSKSigner } from '@huaweicloud/huaweicloud-sdk-core/auth/AKSKSigner';

import { useDeployment } from './fixtures/use-deployment.js';
import { exchange } from './harness/clients/exchange.js';
import { tokenFor } from './harness/clients/tokens.js';
import { CONFIDENTIAL, SIGNING_SECRETS, UPSTREAM_TOKEN } from './harness/log-faults.js';
import { until } from './harness/until.js';
import { freshTickets } from './harness/upstream/traffic.js';

const PATH = '/v2/servicerequest/cases/instant-messages';
const [SECRET_KEY] = SIGNING_SECRETS;

interface Answer {
  readonly imstatus: readonly unknown[];
  readonly immsg: readonly { readonly incident_id: string; readonly message_list: readonly unknown[] }[];
  readonly last_message_time_id: string;
}

/** Clients that poll the gateway as they would poll the upstream. */
describe('drop-in polling', () => {
  const folder = mkdtempSync(join(tmpdir(), 'drop-in-'));
  const file = join(folder, 'keys.json');
  writeFileSync(file, JSON.stringify([{ access_key: 'AK', secret_key: SECRET_KEY, cases: ['*'] }]));
  const deployment = useDeployment({ settings: { DROPIN_ACCESS_KEYS_FILE: file } });
  afterAll(() => rmSync(folder, { recursive: true }));

  const poll = async (base: string, query: string, headers: Record<string, string>) => {
    const { status, text } = await exchange(`${base}${PATH}?${query}`, { headers });
    expect([status, text]).toEqual([200, expect.any(String)]);
    return { text, body: JSON.parse(text) as Answer };
  };
  const withToken = async () => ({ 'x-auth-token': await tokenFor() });
  const atGateway = async (query: string) => poll(deployment.gateway().url, query, await withToken());

  it('D1: shows a conversation member by member as the upstream does, whichever zone the client names', async () => {
    const [one = '', two = '', three = ''] = freshTickets(3);
    await deployment.upstream.post(
      {
        case_id: one,
        content: `${CONFIDENTIAL} first`,
        is_first_message: 1,
        extra: '{"price":1.10,"big":9007199254740993}',
      },
      { case_id: two, content: `${CONFIDENTIAL} {n}`, count: 3 },
    );
    await deployment.upstream.setStatus(two, 0);
    const query = [three, one, two].map((caseId) => `case_ids=${caseId}`).join('&');
    const followed = await until(async () => {
      const { body } = await atGateway(query);
      return body.immsg.length === 2 && body;
    });
    for (const zone of ['GMT+8', 'UTC-3:30']) {
      const there = await poll(deployment.upstream.url, query, { 'x-auth-token': UPSTREAM_TOKEN, 'x-time-zone': zone });
      const here = await poll(deployment.gateway().url, query, { ...(await withToken()), 'x-time-zone': zone });
      expect(withoutCursor(here.text)).toBe(withoutCursor(there.text));
    }
    await deployment.upstream.post({ case_id: one, content: `${CONFIDENTIAL} later` });
    const next = await atGateway(`${query}&wait=5&last_message_time_id=${followed.last_message_time_id}`);
    expect(next.body.immsg).toMatchObject([{ incident_id: one, message_list: [{ content: `${CONFIDENTIAL} later` }] }]);
  });

  it('D2: begins where a cursor of the upstream ends', async () => {
    const [caseId = ''] = freshTickets(1);
    const now = Date.now();
    await deployment.upstream.post(
      { case_id: caseId, content: `${CONFIDENTIAL} told`, time_ms: now - 60_000 },
      { case_id: caseId, content: `${CONFIDENTIAL} new`, time_ms: now },
    );
    const { body } = await atGateway(`case_ids=${caseId}&wait=5&last_message_time_id=${now - 30_000}`);
    expect(body.immsg).toMatchObject([{ message_list: [{ content: `${CONFIDENTIAL} new` }] }]);
  });

  it('D5: costs the upstream for 200 users what it costs for one', async () => {
    const [caseId = ''] = freshTickets(1);
    await atGateway(`case_ids=${caseId}`);
    const users = await Promise.all(
      Array.from({ length: 200 }, async (_, user) => ({ 'x-auth-token': await tokenFor({ sub: `user ${user}` }) })),
    );
    await deployment.upstream.resetCounters();
    const began = performance.now();
    for (let round = 0; round < 2; round += 1) {
      await Promise.all(users.map((headers) => poll(deployment.gateway().url, `case_ids=${caseId}`, headers)));
    }
    const intervals = (performance.now() - began) / 200;
    const { requests } = await deployment.upstream.counters();
    expect(requests).toBeLessThanOrEqual(Math.ceil(intervals) + 2);
  });

  it('D6 D4: takes requests that the official SDK signs, and refuses others as the upstream does', async () => {
    const [caseId = ''] = freshTickets(1);
    await deployment.upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} signed` });
    const { host } = new URL(deployment.gateway().url);
    const signed = (secretKey: string) => {
      const credential = { getAk: () => 'AK', getSk: () => secretKey };
      const headers: Record<string, string> = { host };
      const request = {
        method: 'GET',
        endpoint: `http://${host}${PATH}`,
        queryParams: { case_ids: [caseId] },
        headers,
      };
      return { ...headers, ...(AKSKSigner.sign(request, credential as never) as Record<string, string>) };
    };
    const url = `${deployment.gateway().url}${PATH}?case_ids=${caseId}`;
    const { body } = await poll(deployment.gateway().url, `case_ids=${caseId}`, signed(SECRET_KEY));
    expect(body.immsg).toMatchObject([{ message_list: [{ content: `${CONFIDENTIAL} signed` }] }]);
    const refused = await exchange(url, { headers: signed('another-secret-key') });
    expect([refused.status, JSON.parse(refused.text)]).toMatchObject([401, { error_code: 'APIGW.0301' }]);
  });
});

function withoutCursor(text: string): string {
  return text.replace(/"last_message_time_id":"[^"]*"/, '');
}
