import { expect } from 'expect';

import { check, type Check } from './check.js';
import { contentOf, type Trial } from './trial.js';

interface StreamEvent {
  readonly event: string;
  readonly message?: { readonly content: string };
}

/** The path of a ticket's stream. */
const PATH = '/v1/streams/cases';

async function read(trial: Trial, target: string) {
  const { status, headers, text } = await trial.request(`${PATH}/${target}`);
  expect([status, text]).toEqual([200, expect.any(String)]);
  const events = JSON.parse(text) as readonly StreamEvent[];
  const contents = events.filter(({ event }) => event === 'message').map(({ message }) => message?.content);
  return { contents, headers, offset: String(headers['stream-next-offset']) };
}

/** Sections 12 and 13 of PROTOCOL.md. */
export const STREAM_CHECKS: readonly Check[] = [
  check('M1: what describes the interfaces needs no token', async (trial) => {
    const { status, text } = await trial.request('/openapi.json', {});
    expect([status, JSON.parse(text)]).toMatchObject([200, { openapi: '3.1.0' }]);
  }),

  check('M2: OpenAPI has the paths of clients, and AsyncAPI the events', async (trial) => {
    const openApi = JSON.parse((await trial.request('/openapi.json', {})).text) as { paths: object };
    expect(Object.keys(openApi.paths)).toEqual(
      expect.arrayContaining(['/v1/events', '/v1/cases/{case_id}/messages', `${PATH}/{case_id}`]),
    );
    const asyncApi = (await trial.request('/asyncapi.json', {})).text;
    for (const name of ['message', 'status', 'gap', 'ready', 'closing']) expect(asyncApi).toContain(`"${name}"`);
  }),

  check('M3: an event has a schema, and it allows members that it does not name', async (trial) => {
    const { text } = await trial.request('/schemas/message.json', {});
    expect(JSON.parse(text)).toMatchObject({ $id: 'urn:pollcast:schema:message', type: 'object' });
    expect(text).not.toMatch(/"(?:additional|unevaluated)Properties":\s*false/);
  }),

  check('T1: a stream is read from its beginning, and on from where the last answer ended', async (trial) => {
    const caseId = await trial.ticketWithPast(2);
    const first = await read(trial, `${caseId}?offset=-1`);
    expect(first.contents).toEqual([contentOf('past 1'), contentOf('past 2')]);
    expect(first.headers).toMatchObject({ 'content-type': 'application/json', 'stream-up-to-date': 'true' });
    expect((await read(trial, `${caseId}?offset=${first.offset}`)).contents).toEqual([]);
    expect((await read(trial, `${caseId}?offset=now`)).contents).toEqual([]);
  }),

  check('T2: a long poll is answered with news, and its cursor goes on', async (trial) => {
    const caseId = await trial.ticketWithPast(1);
    const { offset } = await read(trial, caseId);
    const waiting = read(trial, `${caseId}?offset=${offset}&live=long-poll`);
    await trial.post(caseId, 'news');
    const { contents, headers } = await waiting;
    expect(contents).toEqual([contentOf('news')]);
    const cursor = Number(headers['stream-cursor']);
    const again = await read(trial, `${caseId}?offset=-1&live=long-poll&cursor=${cursor}`);
    expect(Number(again.headers['stream-cursor'])).toBeGreaterThan(cursor);
  }),

  check('T3: nobody writes to a stream, and whether there is a ticket is not told', async (trial) => {
    const path = `${PATH}/${trial.ticket()}`;
    for (const method of ['PUT', 'POST', 'DELETE']) {
      expect((await trial.request(path, undefined, method)).status).toBe(405);
    }
    expect((await trial.request(`${path}?offset=now`)).status).toBe(200);
  }),

  check('T4: a stream is not sent again to those that have it, and HEAD tells its end', async (trial) => {
    const caseId = await trial.ticketWithPast(1);
    const { headers, offset } = await read(trial, `${caseId}?offset=-1`);
    const authorization = `Bearer ${await trial.token()}`;
    const etag = String(headers['etag']);
    const again = await trial.request(`${PATH}/${caseId}?offset=-1`, { authorization, 'if-none-match': etag });
    expect([again.status, headers['cache-control']]).toEqual([304, 'private, no-cache']);
    const end = await trial.request(`${PATH}/${caseId}`, undefined, 'HEAD');
    expect(end.status).toBe(200);
    expect(String(end.headers['stream-next-offset']) >= offset).toBe(true);
  }),

  check('T5: an offset that is none is invalid', async (trial) => {
    for (const query of ['offset=', 'offset=a,b', 'offset=-1&offset=now']) {
      const { status, text } = await trial.request(`${PATH}/${trial.ticket()}?${query}`);
      expect([status, JSON.parse(text)]).toMatchObject([400, { code: 'invalid' }]);
    }
  }),
];
