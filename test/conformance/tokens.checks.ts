import { expect } from 'expect';

import { rawHttp } from '../harness/clients/raw-http.js';
import { RawStream } from '../harness/clients/raw-stream.js';
import { type SocketClient, type ConnectError } from '../harness/clients/socket-client.js';
import { unsignedToken, type TokenOptions } from '../harness/clients/tokens.js';
import { until } from '../harness/until.js';
import { check, type Check } from './check.js';
import { refusalOf, textsOf, TRANSPORTS, type Trial } from './trial.js';

/** Lifetime of a token whose end a check waits for, seconds. */
const SHORT_S = 2;
/** "Within about a second" on a machine that is busy with other checks, ms. */
const CLOSED_WITHIN_MS = 3000;
const FOREIGN_ORIGIN = 'https://elsewhere.example';
const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
};

/** Section 4 of PROTOCOL.md. */
export const TOKEN_CHECKS: readonly Check[] = [
  check(
    'A1: a token is looked for in auth.token, Authorization, the cookie and access_token, in this order',
    async (trial) => {
      const token = await trial.token();
      const path = `/v1/cases/${trial.ticket()}/messages`;
      const bad = 'not-a-token';
      const status = async (query: string, headers: Record<string, string>) =>
        (await trial.request(`${path}${query}`, headers)).status;
      expect(await status('', { authorization: `Bearer ${token}` })).toBe(200);
      expect(await status('', { cookie: `other=1; pollcast_token=${token}` })).toBe(200);
      expect(await status(`?access_token=${token}`, {})).toBe(200);
      expect(await status(`?access_token=${token}`, { authorization: `Bearer ${bad}` })).toBe(401);
      expect(await status('', { authorization: `Bearer ${bad}`, cookie: `pollcast_token=${token}` })).toBe(401);
      expect(await status(`?access_token=${token}`, { cookie: `pollcast_token=${bad}` })).toBe(401);
      expect(await status(`?access_token=${bad}`, { authorization: `Bearer ${token}` })).toBe(200);

      const headersOf = (value: string) => ({ authorization: `Bearer ${value}` });
      await trial.connect({ token, headers: headersOf(bad) });
      await trial.connect({ token: null, headers: headersOf(token) });
      await trial.connect({ token: null, headers: { cookie: `pollcast_token=${token}` } });
      const client = await trial.client('websocket', [], { token: bad, headers: headersOf(token) });
      await expect(client.connect(trial.url)).rejects.toMatchObject({ data: { code: 'unauthorized' } });
    },
  ),

  check('A2 W1 S1: a missing, forged or unsigned token is refused as unauthorized, whatever asks', async (trial) => {
    const token = await trial.token();
    const [header, body, signature = ''] = token.split('.');
    const other = signature.startsWith('A') ? 'B' : 'A';
    const forged = `${header}.${body}.${other}${signature.slice(1)}`;
    await expectUnauthorized(trial, [null, 'not-a-token', forged, unsignedToken(), `${header}.${body}.`]);
  }),

  check(
    'A2: a token that has expired, lacks sub or exp, or has another algorithm or secret is refused as unauthorized',
    async (trial) => {
      const claims: TokenOptions[] = [
        { expiresInS: -60 },
        { sub: undefined },
        { sub: '' },
        { exp: undefined },
        { alg: 'HS512' },
        { secret: 'another-secret-of-another-system' },
      ];
      await expectUnauthorized(trial, await Promise.all(claims.map((each) => trial.token(each))));
    },
    'tokens',
  ),

  check(
    'A3: cases and groups say what a token allows, a star at the end stands for any rest, and absent claims allow nothing',
    async (trial) => {
      const status = async (claims: TokenOptions, caseId: string, group = '') => {
        const headers = { authorization: `Bearer ${await trial.token(claims)}` };
        const path = `/v1/cases/${caseId}/messages${group && `?group_id=${group}`}`;
        return (await trial.request(path, headers)).status;
      };
      const some = { cases: ['T1', 'team-*'], groups: ['g1'] };
      expect(await status(some, 'T1')).toBe(200);
      expect(await status(some, 'team-7')).toBe(200);
      expect(await status(some, 'T11')).toBe(403);
      expect(await status(some, 'tea')).toBe(403);
      expect(await status(some, 'T1', 'g1')).toBe(200);
      expect(await status(some, 'T1', 'g2')).toBe(403);
      expect(await status({ cases: ['*'], groups: ['*'] }, 'anything', 'any')).toBe(200);
      expect(await status({ cases: undefined }, 'T1')).toBe(403);
      expect(await status({ cases: ['T1'], groups: undefined }, 'T1')).toBe(200);
      expect(await status({ cases: ['T1'], groups: undefined }, 'T1', 'g1')).toBe(403);
      for (const wrong of [{ cases: 'T1' }, { cases: [1] }, { groups: {} }]) {
        expect(await status(wrong, 'T1')).toBe(401);
      }
    },
    'tokens',
  ),

  check(
    'A4: a refusal names the tickets that are not allowed, and does not tell whether they exist',
    async (trial) => {
      const [existing, unknown, allowed] = [await trial.ticketWithPast(1), trial.ticket(), trial.ticket()];
      const token = await trial.token({ cases: [allowed] });
      const headers = { authorization: `Bearer ${token}` };
      const events = [allowed, existing, unknown].map((caseId) => `case_ids=${caseId}`).join('&');
      const stream = await trial.request(`/v1/events?${events}`, headers);
      expect(stream.status).toBe(403);
      expect(JSON.parse(stream.text)).toMatchObject({ code: 'forbidden', case_ids: [existing, unknown] });
      const answers = await Promise.all(
        [existing, unknown].map(async (caseId) =>
          (await trial.request(`/v1/cases/${caseId}/messages`, headers)).text.replaceAll(caseId, 'T'),
        ),
      );
      expect(answers[0]).toBe(answers[1]);
      const client = await trial.connect({ token });
      const ack = await client.ask('subscribe', { case_ids: [allowed, existing, unknown] });
      expect(ack).toMatchObject({ ok: false, error: { code: 'forbidden', case_ids: [existing, unknown] } });
    },
    'tokens',
  ),

  check(
    'A5 E10 W10: when its token expires, a connection is told token_expired as its last event, and is closed',
    async (trial) => {
      const caseId = trial.ticket();
      const closed = TRANSPORTS.map(async (transport) => {
        const expiresAt = (Math.floor(Date.now() / 1000) + SHORT_S) * 1000;
        const client = await trial.open(transport, [caseId], { token: await trial.token({ expiresInS: SHORT_S }) });
        const { data, at } = await client.recording.next('closing');
        expect(data).toEqual({ reason: 'token_expired', retry_ms: expect.any(Number) });
        expect(data.retry_ms).toBeGreaterThanOrEqual(0);
        expect(data.retry_ms).toBeLessThanOrEqual(1000);
        expect(at - expiresAt).toBeGreaterThan(-1000);
        expect(at - expiresAt).toBeLessThan(CLOSED_WITHIN_MS);
        await until(() => client.ended !== null, 5000, 'the connection to end');
        expect(client.ended).toBe(transport === 'sse' ? 'end' : 'transport close');
        expect(client.recording.frames.at(-1)?.event).toBe('closing');
      });
      await Promise.all(closed);
    },
    'tokens',
  ),

  check(
    'A6: pages of foreign origins are refused, handshakes included, and own pages and programs are not',
    async (trial) => {
      const token = await trial.token();
      const own = new URL(trial.url).origin;
      const path = `/v1/cases/${trial.ticket()}/messages`;
      const ask = (headers: Record<string, string>) =>
        trial.request(path, { authorization: `Bearer ${token}`, ...headers });
      expect((await ask({})).status).toBe(200);
      expect((await ask({ origin: own })).status).toBe(200);
      for (const origin of [FOREIGN_ORIGIN, 'null']) {
        expect(refusalOf(await ask({ origin }))).toEqual([403, 'forbidden']);
        const client = await trial.client('websocket', [], { headers: { origin } });
        await expect(client.connect(trial.url)).rejects.toThrow();
      }
      await trial.connect({ headers: { origin: own } });
    },
  ),

  check(
    'A7: the cookie counts for own pages and for programs, and not for a request that another site caused',
    async (trial) => {
      const cookie = `pollcast_token=${await trial.token()}`;
      const own = new URL(trial.url).origin;
      const path = `/v1/cases/${trial.ticket()}/messages`;
      const status = async (headers: Record<string, string>) =>
        (await trial.request(path, { cookie, ...headers })).status;
      expect(await status({})).toBe(200);
      expect(await status({ origin: own })).toBe(200);
      for (const site of ['same-origin', 'none']) expect(await status({ 'sec-fetch-site': site })).toBe(200);
      for (const site of ['cross-site', 'same-site']) expect(await status({ 'sec-fetch-site': site })).toBe(401);
      await trial.connect({ token: null, headers: { cookie, 'sec-fetch-site': 'same-origin' } });
      const client = await trial.client('websocket', [], {
        token: null,
        headers: { cookie, 'sec-fetch-site': 'cross-site' },
      });
      await expect(client.connect(trial.url)).rejects.toThrow();
    },
  ),

  check('A8: every answer has security headers, and a request has exactly one Host', async (trial) => {
    const paths = [`/v1/cases/${trial.ticket()}/messages`, '/v1/events', '/v1/nothing-is-here'];
    for (const path of paths) {
      const { headers } = await trial.request(path);
      expect([path, headers]).toEqual([path, expect.objectContaining(SECURITY_HEADERS)]);
      expect(headers['strict-transport-security']).toBeUndefined();
    }
    const stream = await RawStream.open(`${trial.url}/v1/events?case_ids=${trial.ticket()}`, {
      authorization: `Bearer ${await trial.token()}`,
    });
    trial.closing(stream);
    expect(stream.headers).toMatchObject(SECURITY_HEADERS);
    const { hostname, port } = new URL(trial.url);
    for (const hosts of ['', `Host: ${hostname}\r\nHost: ${hostname}\r\n`]) {
      const request = `GET ${paths[0]} HTTP/1.1\r\n${hosts}Connection: close\r\n\r\n`;
      expect(await rawHttp(Number(port || 80), request, hostname)).toMatch(/^HTTP\/1\.1 400 /);
    }
  }),

  check(
    'W7 E9: authenticate gives the rights of the new token at once, and names what it does not cover as revoked',
    async (trial) => {
      const [kept, lost] = [await trial.ticketWithPast(0), await trial.ticketWithPast(0)];
      const client = await trial.open('websocket', [kept, lost], {
        token: await trial.token({ expiresInS: SHORT_S + 1 }),
      });
      const renew = async (claims: TokenOptions) => client.ask('authenticate', { token: await trial.token(claims) });
      expect(await renew({ sub: 'somebody-else' })).toMatchObject({ ok: false, error: { code: 'forbidden' } });
      expect(await renew({ secret: 'another-secret' })).toMatchObject({ ok: false, error: { code: 'unauthorized' } });
      expect(await client.ask('authenticate', { token: 7 })).toMatchObject({ ok: false, error: { code: 'invalid' } });
      expect(client.recording.of('revoked')).toEqual([]);

      expect(await renew({ cases: [kept] })).toEqual({ ok: true });
      expect(client.recording.of('revoked').map(({ data }) => data)).toEqual([{ case_ids: [lost], reason: 'rights' }]);
      expect(await client.ask('subscribe', { case_ids: [lost] })).toMatchObject({
        ok: false,
        error: { code: 'forbidden', case_ids: [lost] },
      });
      const observer = await trial.open('sse', [kept, lost]);
      // Past the end of the first token.
      await until(() => Date.now() > startOf(client) + (SHORT_S + 2) * 1000, 10_000, 'the first token to have expired');
      await trial.post(lost, 'not for this token');
      await observer.recording.count(1);
      await trial.post(kept, 'for this token');
      await client.recording.count(1);
      expect(textsOf(client)).toEqual(['for this token']);
      expect([client.ended, client.recording.of('closing')]).toEqual([null, []]);
    },
    'tokens',
  ),
];

const startOf = ({ recording }: SocketClient): number => recording.of('ready')[0]?.at ?? 0;

async function expectUnauthorized(trial: Trial, tokens: readonly (string | null)[]): Promise<void> {
  const caseId = trial.ticket();
  for (const token of tokens) {
    const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
    for (const path of [`/v1/events?case_ids=${caseId}`, `/v1/cases/${caseId}/messages`]) {
      expect([token, ...refusalOf(await trial.request(path, headers))]).toEqual([token, 401, 'unauthorized']);
    }
    const client = await trial.client('websocket', [], { token });
    const error = await client.connect(trial.url).catch((reason: ConnectError) => reason);
    expect(error).toMatchObject({ data: { code: 'unauthorized' } });
  }
}
