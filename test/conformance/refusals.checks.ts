import { expect } from 'expect';

import { exchange, type Exchange } from '../harness/clients/exchange.js';
import { RawStream } from '../harness/clients/raw-stream.js';
import type { Ready } from '../harness/clients/wire.js';
import { check, type Check } from './check.js';
import { textsOf, type Page } from './trial.js';

/** Section 5 of PROTOCOL.md. */
export const REFUSAL_CHECKS: readonly Check[] = [
  check('X1: a refusal over HTTP has a real status and a problem+json body with a documented code', async (trial) => {
    const authorization = `Bearer ${await trial.token()}`;
    const ask = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
      exchange(`${trial.url}${path}`, { method, headers: { authorization, ...headers } });
    expectProblem(await ask('/v1/events'), 400, 'invalid');
    expectProblem(await ask('/v1/events?case_ids=a&history=-1'), 400, 'invalid');
    expectProblem(await ask(`/v1/events?case_ids=${'x'.repeat(65)}`), 400, 'invalid');
    expectProblem(await ask('/v1/cases/a/messages?limit=0'), 400, 'invalid');
    const many = Array.from({ length: trial.target.limits.maxCases + 1 }, (_, at) => `case_ids=t${at}`).join('&');
    expectProblem(await ask(`/v1/events?${many}`), 400, 'too_many');
    expectProblem(await ask('/v1/events?case_ids=a', { authorization: '' }), 401, 'unauthorized');
    expectProblem(await ask('/v1/events?case_ids=a', { origin: 'https://elsewhere.example' }), 403, 'forbidden');
    expectProblem(await ask('/v1/nothing-is-here'), 404, 'not_found');
    expectProblem(await ask('/v1/events?case_ids=a', {}, 'PUT'), 405, 'method_not_allowed');
  }),

  check(
    'X2 W5: a Socket.IO request is refused in its acknowledgement, and the connection and its tickets live on',
    async (trial) => {
      const caseId = await trial.ticketWithPast(1);
      const client = await trial.open('websocket', [caseId]);
      const many = Array.from({ length: trial.target.limits.maxCases + 1 }, (_, at) => `t${at}`);
      const refused: [unknown, string][] = [
        [{ case_ids: [] }, 'invalid'],
        [{ case_ids: [caseId, 'a b'] }, 'invalid'],
        [{ case_ids: [caseId], history: -1 }, 'invalid'],
        ['text', 'invalid'],
        [{ case_ids: [caseId, ...many] }, 'too_many'],
      ];
      for (const [body, code] of refused) {
        const ack = await client.ask('subscribe', body);
        expect(ack).toMatchObject({ ok: false, error: { code, message: expect.any(String) } });
      }
      await trial.post(caseId, 'live');
      await client.recording.count(2);
      // Nothing was replayed, and nothing was lost.
      expect(textsOf(client)).toEqual(['past 1', 'live']);
      expect(client.ended).toBeNull();
    },
  ),

  check('X4: an Upgrade header of another protocol changes nothing', async (trial) => {
    const caseId = await trial.ticketWithPast(1);
    const authorization = `Bearer ${await trial.token()}`;
    for (const upgrade of ['h2c', 'TLS/1.2']) {
      const headers = { authorization, connection: 'Upgrade', upgrade };
      const { status, text } = await trial.request(`/v1/cases/${caseId}/messages`, headers);
      expect([status, (JSON.parse(text) as Page).events.length]).toEqual([200, 2]);
      expectProblem(await trial.request('/v1/events', headers), 400, 'invalid');
      const stream = trial.closing(await RawStream.open(`${trial.url}/v1/events?case_ids=${caseId}`, headers));
      expect(stream.status).toBe(200);
      await stream.untilText(/event: ready\n/);
    }
  }),

  check('X5: what cannot be served is answered with its own status, and allowed methods are named', async (trial) => {
    const authorization = `Bearer ${await trial.token()}`;
    const ask = (method: string, path: string, headers: Record<string, string> = {}, body?: string) =>
      exchange(`${trial.url}${path}`, {
        method,
        headers: { authorization, ...headers },
        ...(body !== undefined && { body }),
      });
    const json = { 'content-type': 'application/json' };
    expectProblem(await ask('GET', '/v1/events?case_ids=a', { accept: 'application/json' }), 406, 'not_acceptable');
    expectProblem(await ask('POST', '/v1/events', json, `["${'x'.repeat(2_000_000)}"]`), 413, 'payload_too_large');
    const text = { 'content-type': 'text/plain' };
    expectProblem(await ask('POST', '/v1/events', text, '{}'), 415, 'unsupported_media_type');
    expectProblem(await ask('POST', '/v1/hints', text, '{}'), 415, 'unsupported_media_type');
    expectProblem(await ask('GET', `/v1/events?case_ids=${'x'.repeat(300_000)}`), 431, 'headers_too_large');
    const malformed = await ask('POST', '/v1/events', json, '{"case_ids":["se cret');
    expectProblem(malformed, 400, 'invalid');
    expect(malformed.text).not.toContain('se cret');
    const options = await ask('OPTIONS', '/v1/events');
    expect([options.status, options.headers.allow]).toEqual([204, expect.stringContaining('POST')]);
  }),

  check('X6: a closed list of languages is served, and ready names the one that suits best', async (trial) => {
    const client = await trial.connect();
    const served = async (language?: string) => {
      const body = { case_ids: [trial.ticket()], ...(language !== undefined && { language }) };
      const ack = await client.ask<Ready>('subscribe', body);
      return ack.ok ? ack.language : ack.error.message;
    };
    const usual = await served();
    expect(usual).toMatch(/^[a-z]{2,3}(-[a-z0-9]{2,8})*$/);
    const asked = Array.from({ length: 8 }, (_, at) => `xx-${at}0`);
    const invented = await Promise.all(asked.map((language) => served(language)));
    expect(invented).toEqual(asked.map(() => usual));
    expect(await served(`${usual.toUpperCase()}-x-private`)).toBe(usual);
    expect(await served(`xx,${usual.split('-')[0]};q=0.5`)).toMatch(new RegExp(`^${usual.split('-')[0]}`));
  }),
];

function expectProblem({ status, headers, text }: Exchange, expected: number, code: string): void {
  expect([status, headers['content-type']]).toEqual([expected, expect.stringMatching(/^application\/problem\+json/)]);
  expect(JSON.parse(text)).toMatchObject({
    type: expect.any(String),
    title: expect.any(String),
    detail: expect.any(String),
    status: expected,
    code,
  });
}
