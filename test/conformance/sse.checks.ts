import { once } from 'node:events';
import { connect } from 'node:net';

import { expect } from 'expect';

import { RawStream } from '../harness/clients/raw-stream.js';
import { until } from '../harness/until.js';
import { check, type Check } from './check.js';
import type { MessageEvent } from '../harness/clients/wire.js';
import { contentOf, refusalOf, type Trial } from './trial.js';

/** One block of a stream: `id`, `event` and `data` lines in any number. */
interface Block {
  readonly event: string;
  readonly ids: readonly string[];
  readonly data: readonly string[];
}

const LINE_BREAKS = '\u0085\u2028\u2029';

/** Section 6 of PROTOCOL.md. */
export const SSE_CHECKS: readonly Check[] = [
  check('S1: a stream is refused by an HTTP status, and begins with 200 otherwise', async (trial) => {
    const caseId = trial.ticket();
    expect(refusalOf(await trial.request('/v1/events?case_ids='))).toEqual([400, 'invalid']);
    expect(refusalOf(await trial.request(`/v1/events?case_ids=${caseId}`, {}))).toEqual([401, 'unauthorized']);
    const stream = await open(trial, [caseId]);
    expect([stream.status, stream.headers['content-type']]).toEqual([
      200,
      expect.stringMatching(/^text\/event-stream/),
    ]);
    stream.close();
  }),

  check('S2: a stream has what there is to say, the replay, ready, and then live events', expectStreamOrder),

  check(
    'S3: message, status and ready have an id line, other events have none, and each has one line of data',
    async (trial) => {
      const caseId = await trial.ticketWithPast(2);
      const stream = await open(trial, [caseId], { 'last-event-id': 'no-position' });
      await stream.untilText(/event: ready\n.*\n\n/);
      // Three characters that some readers take for line breaks.
      await trial.upstream.post({ case_id: caseId, content: contentOf(`live${LINE_BREAKS}`) });
      await stream.untilText(/ live.*\n\n/);
      stream.close();
      expect(stream.text).not.toMatch(/[\u0085\u2028\u2029\r]/);
      const blocks = blocksOf(stream.text);
      expect(stream.text.match(/\n\n/g)).toHaveLength(blocks.length);
      const { message } = JSON.parse(blocks.at(-1)?.data[0] ?? '') as MessageEvent;
      expect(message['content']).toBe(contentOf(`live${LINE_BREAKS}`));
      expect(blocks.map(({ event }) => event)).toEqual(['gap', 'status', 'message', 'message', 'ready', 'message']);
      for (const { event, ids, data } of blocks) {
        expect([event, ids.length]).toEqual([event, event === 'gap' ? 0 : 1]);
        expect([event, data.length]).toEqual([event, 1]);
        const { id, last_event_id } = JSON.parse(data[0] ?? '') as { id?: string; last_event_id?: string };
        expect([event, ids[0]]).toEqual([event, id ?? last_event_id]);
      }
    },
  ),

  check(
    'S4: a stream that is silent for SSE_HEARTBEAT_MS gets a comment line, or an event if it asks for one',
    async (trial) => {
      const { heartbeatMs } = trial.target.limits;
      const caseId = await trial.ticketWithPast(0);
      const [commented, evented] = [await open(trial, [caseId]), await open(trial, [caseId], {}, '&heartbeat=event')];
      const within = heartbeatMs * 3 + 1000;
      await commented.untilText(/event: ready\n.*\n\n:.*\n$/, within);
      await evented.untilText(/event: ready\n.*\n\nevent: heartbeat\ndata: \{\}\n\n$/, within);
      expect([commented.text, evented.text]).toEqual([
        expect.not.stringContaining('heartbeat'),
        expect.not.stringMatching(/^:/m),
      ]);
    },
  ),

  check(
    'S5: the block of closing has a retry line with retry_ms, and then the TCP connection ends',
    async (trial) => {
      const token = await trial.token({ expiresInS: 2 });
      const stream = await overTcp(trial, `/v1/events?case_ids=${trial.ticket()}`, '1.1', token);
      await until(
        () => stream.ended,
        15_000,
        () => `the connection to end after:\n${stream.text}`,
      );
      const [, retry, data = ''] = /retry: (\d+)\nevent: closing\ndata: (.*)\n\n/.exec(unchunked(stream.text)) ?? [];
      expect((JSON.parse(data) as { retry_ms: number }).retry_ms).toBe(Number(retry));
    },
    'tokens',
  ),

  check(
    'S6: a stream is neither compressed nor cached nor buffered, and serves HTTP/1.0 without chunks',
    async (trial) => {
      const caseId = await trial.ticketWithPast(1);
      const stream = await open(trial, [caseId], { 'accept-encoding': 'gzip, br' });
      expect(stream.headers).toMatchObject({
        'content-type': expect.stringMatching(/^text\/event-stream/),
        'cache-control': expect.stringMatching(/no-store|no-cache/),
        'x-accel-buffering': 'no',
      });
      expect(stream.headers['cache-control']).toContain('no-transform');
      expect(stream.headers['content-encoding']).toBeUndefined();
      stream.close();

      const old = await overTcp(trial, `/v1/events?case_ids=${caseId}`, '1.0', await trial.token());
      await until(
        () => old.text.includes('event: ready'),
        15_000,
        () => `ready over HTTP/1.0 in:\n${old.text}`,
      );
      const [head = '', body = ''] = old.text.split('\r\n\r\n');
      expect(head).toMatch(/^HTTP\/1\.[01] 200 /);
      expect(head).not.toMatch(/transfer-encoding/i);
      expect(body).toMatch(/^retry: \d+\n/);
    },
  ),

  check('S7: POST gets the same stream with JSON, and Last-Event-ID takes precedence over the body', async (trial) => {
    const caseId = await trial.ticketWithPast(2);
    const json = { authorization: `Bearer ${await trial.token()}`, 'content-type': 'application/json' };
    const ask = async (body: object, headers: Record<string, string> = {}) =>
      trial.closing(await RawStream.open(`${trial.url}/v1/events`, { ...json, ...headers }, JSON.stringify(body)));
    const stream = await ask({ case_ids: [caseId], history: 1 });
    expect(stream.status).toBe(200);
    await stream.untilText(/event: ready\n.*\n\n/);
    expect(blocksOf(stream.text).map(({ event }) => event)).toEqual(['message', 'ready']);
    const [position = ''] = blocksOf(stream.text)[0]?.ids ?? [];
    const again = await ask({ case_ids: [caseId], last_event_id: 'no-position' }, { 'last-event-id': position });
    await again.untilText(/event: ready\n.*\n\n/);
    expect(blocksOf(again.text).map(({ event }) => event)).toEqual(['ready']);
  }),

  check('S8: ids with commas in between are several tickets, and brackets are refused', async (trial) => {
    const [first, second] = [trial.ticket(), trial.ticket()];
    const authorization = `Bearer ${await trial.token()}`;
    const stream = trial.closing(
      await RawStream.open(`${trial.url}/v1/events?case_ids=${first},${second}`, { authorization }),
    );
    await stream.untilText(/event: ready\n.*\n\n/);
    expect(JSON.parse(blocksOf(stream.text).at(-1)?.data[0] ?? '')).toMatchObject({ case_ids: [first, second] });
    expect(refusalOf(await trial.request(`/v1/events?case_ids[]=${first}`))).toEqual([400, 'invalid']);
  }),

  check('S6: HEAD checks the request and opens no stream', async (trial) => {
    const path = `/v1/events?case_ids=${trial.ticket()}`;
    const head = async (headers?: Record<string, string>) => trial.request(path, headers, 'HEAD');
    expect(await head()).toMatchObject({ status: 200, text: '' });
    expect(await head({ authorization: 'Bearer not-a-token' })).toMatchObject({ status: 401, text: '' });
  }),
];

async function expectStreamOrder(trial: Trial): Promise<void> {
  const language = await trial.language();
  const good = await trial.ticketWithPast(1, { language });
  const bad = await trial.ticketWithPast(1, { language });
  const first = await trial.open('sse', [good, bad], { language });
  await trial.inject({ kind: 'refuse_case', case_ids: [bad] });
  await first.recording.next('revoked');
  const well = await trial.inject({ kind: 'status', status: 500, case_ids: [good] });
  await first.recording.next('upstream', ({ state }) => state === 'degraded');

  const stream = await open(trial, [good, bad], { 'last-event-id': 'no-position' }, `&language=${language}`);
  await stream.untilText(/event: ready\n.*\n\n/);
  await well();
  await trial.post(good, 'live');
  await stream.untilText(/ live".*\n\n/);
  stream.close();
  const events = blocksOf(stream.text).map(({ event }) => event);
  const at = events.indexOf('ready');
  expect([...events.slice(0, 3)].sort()).toEqual(['gap', 'revoked', 'upstream']);
  expect([...events.slice(3, at)].sort()).toEqual(['message', 'message', 'status', 'status']);
  expect([...events.slice(at + 1)].sort()).toEqual(['message', 'upstream']);
}

async function open(
  trial: Trial,
  caseIds: readonly string[],
  headers: Readonly<Record<string, string>> = {},
  query = '',
): Promise<RawStream> {
  const wanted = caseIds.map((caseId) => `case_ids=${caseId}`).join('&');
  const authorization = `Bearer ${await trial.token()}`;
  const stream = await RawStream.open(`${trial.url}/v1/events?${wanted}${query}`, { authorization, ...headers });
  return trial.closing(stream);
}

/** Blocks of a stream that have data. */
function blocksOf(text: string): Block[] {
  return text.split('\n\n').flatMap((block) => {
    const lines = (field: string) =>
      block.split('\n').flatMap((line) => (line.startsWith(`${field}: `) ? [line.slice(field.length + 2)] : []));
    const data = lines('data');
    return data.length === 0 ? [] : [{ event: lines('event')[0] ?? 'message', ids: lines('id'), data }];
  });
}

/** A stream over a connection that the client keeps open: who ends it is seen. */
async function overTcp(trial: Trial, path: string, version: '1.0' | '1.1', token: string) {
  const { hostname, port } = new URL(trial.url);
  const socket = connect(Number(port || 80), hostname);
  const stream = { text: '', ended: false, close: () => socket.destroy() };
  socket.setEncoding('utf8').on('data', (text: string) => (stream.text += text));
  socket.on('end', () => (stream.ended = true));
  await once(socket, 'connect');
  socket.write(`GET ${path} HTTP/${version}\r\nHost: ${hostname}\r\nAuthorization: Bearer ${token}\r\n\r\n`);
  return trial.closing(stream);
}

/** An answer without the frames of its chunks; the texts of a stream have no carriage return. */
function unchunked(answer: string): string {
  return answer.replace(/\r\n[0-9a-f]+\r\n/g, '');
}
