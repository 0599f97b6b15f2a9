import { METHODS, request as send, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { RunningGateway, token } from '../../test/running-gateway.js';
import { SseStream } from '../../test/sse-stream.js';
import { until } from '../../../../test/harness/until.js';

/** Node reads QUERY since 20.19.2 and 22.2. */
const WITH_BODY = ['POST', 'QUERY'].filter((method) => METHODS.includes(method));
const MAX_CASES = 5000;
/** Ids of the greatest length. Each character doubles in JSON. */
const LONG_IDS = Array.from({ length: MAX_CASES }, (_, at) => `A${String(at).padStart(63, '"')}`);

describe('an event stream is asked for', () => {
  let gateway: RunningGateway;
  beforeAll(async () => {
    gateway = await RunningGateway.start({
      MAX_CASES_PER_SUBSCRIPTION: String(MAX_CASES),
      ALLOWED_ORIGINS: 'https://app.example',
      SLOW_CONSUMER_MAX_BYTES: '1024', // Its least: what names the tickets is larger, and is no reason to close.
    });
  });
  afterAll(() => gateway.stop());

  async function ask(method: string, path: string, body?: string, headers: Record<string, string> = {}) {
    const authorization = `Bearer ${await token()}`;
    const json = body === undefined ? {} : { 'content-type': 'application/json' };
    const { hostname: host, port } = new URL(gateway.url);
    const all = { authorization, ...json, ...headers };
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      send({ host, port, path, method, agent: false, headers: all }, resolve).on('error', reject).end(body);
    });
    return new SseStream(response);
  }

  async function refusal(...args: Parameters<typeof ask>): Promise<{ status: number; code: string; detail: string }> {
    const { response, text } = await (await ask(...args)).whole();
    expect(response.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    return JSON.parse(text);
  }

  it.each(WITH_BODY)('S7: with a body: %s', async (method) => {
    const caseIds = [`A-${method}-1`, `A-${method}-2`] as const;
    const content = await gateway.store.publish(caseIds[0]);
    const body = { case_ids: caseIds, history: 1, heartbeat: 'event', language: 'zh-cn' };
    const stream = await ask(method, '/v1/events', JSON.stringify(body));
    await until(() => stream.has('ready'));
    expect(stream.response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      incremental: '?1',
    });
    expect([stream.contents(), stream.events.at(-1)?.data.case_ids]).toEqual([[content], caseIds]);
    const missed = await gateway.store.publish(caseIds[1]);
    await until(() => stream.contents().length === 2);
    stream.response.destroy();
    // The header that a client sends when it connects again has precedence over the body of its first request.
    const position = stream.events.find(({ event }) => event === 'ready')?.id ?? '';
    const again = await ask(method, '/v1/events', JSON.stringify({ ...body, last_event_id: 'old' }), {
      'last-event-id': position,
    });
    await until(() => again.has('ready'));
    expect([again.contents(), again.events.find(({ event }) => event === 'ready')?.data.recovered]).toEqual([
      [missed],
      true,
    ]);
    again.response.destroy();
  });

  it('S7: with as many tickets as a subscription may have, whatever their ids', async () => {
    const stream = await ask('POST', '/v1/events', JSON.stringify({ case_ids: LONG_IDS }));
    await until(() => stream.has('ready'));
    expect(stream.events.find(({ event }) => event === 'ready')?.data.case_ids).toEqual(LONG_IDS);
    stream.response.destroy();
    const socket = await gateway.connect({ token: await token() });
    expect(await socket.emitWithAck('subscribe', { case_ids: LONG_IDS })).toMatchObject({ ok: true });
    // Too many ids are refused with a reason, also in a request that is larger than any that is served.
    const tooMany = { ok: false, error: { code: 'too_many' } };
    expect(await socket.emitWithAck('subscribe', { case_ids: [...LONG_IDS, 'A'] })).toMatchObject(tooMany);
    const twice = [...LONG_IDS, ...LONG_IDS.map((id) => id.replace('A', 'B'))];
    expect(await socket.emitWithAck('subscribe', { case_ids: twice })).toMatchObject(tooMany);
    expect(socket.connected).toBe(true);
  });

  it.each<[string, string, Record<string, string>, number, string, RegExp]>([
    ['no JSON', '{"case_ids":["se cret', {}, 400, 'invalid', /^the body could not be read as JSON$/],
    ['nothing', '', {}, 400, 'invalid', /^the body could not be read as JSON$/],
    ['an array', '["A1"]', {}, 400, 'invalid', /must be an object/],
    ['no tickets', '{}', {}, 400, 'invalid', /case_ids must be an array of ids, and it is missing/],
    ['a text for tickets', '{"case_ids":"A1"}', {}, 400, 'invalid', /it is of the type string/],
    ['brackets', '{"case_ids[]":["A1"]}', {}, 400, 'invalid', /it is missing/],
    ['joined tickets', '{"case_ids":["A1,A2"]}', {}, 400, 'invalid', /without a comma/],
    ['foreign tickets', '{"case_ids":["B1"]}', {}, 403, 'forbidden', /does not allow these tickets/],
    ['no token', '{"case_ids":["A1"]}', { authorization: '' }, 401, 'unauthorized', /token/],
    ['another type', 'case_ids=A1', { 'content-type': 'text/plain' }, 415, 'unsupported_media_type', /"text\/plain"/],
    ['too much', `{"x":"${'x'.repeat(800_000)}"}`, {}, 413, 'payload_too_large', /at most \d+ bytes/],
    [
      'one JSON for an answer',
      '{}',
      { accept: 'application/json' },
      406,
      'not_acceptable',
      /Accept: text\/event-stream/,
    ],
  ])('X5: and refused in words with a body: %s', async (_what, body, headers, status, code, words) => {
    expect(await refusal('POST', '/v1/events', body, headers)).toMatchObject({
      status,
      code,
      detail: expect.stringMatching(words),
    });
  });

  it('S7: by a body alone, and not by a query next to it, which would be ignored', async () => {
    const body = '{"case_ids":["A1"]}';
    for (const key of ['case_ids', 'case_ids[]', 'history', 'lastEventId', 'last_event_id']) {
      const { status, detail } = await refusal('POST', `/v1/events?${key}=1`, body);
      expect([status, detail]).toEqual([400, expect.stringContaining(`the query has ${key}: `)]);
    }
    const inQuery = await ask('POST', `/v1/events?access_token=${await token()}&x=1`, body, { authorization: '' });
    await until(() => inQuery.has('ready'));
    inQuery.response.destroy();
  });

  it.each(['application/json', 'application/json, text/plain', 'text/html;q=0.9', 'text/event-streams'])(
    'X5: and refused to a client that accepts no stream: %s',
    async (accept) => {
      const { status, detail } = await refusal('GET', '/v1/events?case_ids=A1', undefined, { accept });
      expect([status, detail]).toEqual([406, expect.stringContaining('GET /v1/cases/{case_id}/messages')]);
      const head = await (await ask('HEAD', '/v1/events?case_ids=A1', undefined, { accept })).whole();
      expect(head.response.statusCode).toBe(406);
    },
  );

  it.each(['text/event-stream', 'text/*;q=0.5', '*/*', 'application/json, text/plain, */*', ''])(
    'by a client that accepts "%s"',
    async (accept) => {
      const stream = await ask('GET', '/v1/events?case_ids=A1', undefined, { accept });
      await until(() => stream.has('ready'));
      stream.response.destroy();
    },
  );

  it('S8: with ids joined by commas', async () => {
    const stream = await ask('GET', '/v1/events?case_ids=A1,A2&case_ids=A3%2CA1');
    await until(() => stream.has('ready'));
    expect(stream.events.find(({ event }) => event === 'ready')?.data.case_ids).toEqual(['A1', 'A2', 'A3']);
    stream.response.destroy();
    expect((await refusal('GET', '/v1/events?case_ids=A1,,A2')).status).toBe(400);
  });

  it.each(['case_ids[]=A1', 'case_ids[0]=A1&case_ids[1]=A2', 'case_ids%5B%5D=A1', 'case_ids=A1&case_ids[]=A2'])(
    'S8: without brackets: %s',
    async (query) => {
      const { status, detail } = await refusal('GET', `/v1/events?${query}`);
      expect([status, detail]).toEqual([400, expect.stringMatching(/^the query has case_ids\[0?\]: repeat case_ids/)]);
    },
  );

  it('X5: by the methods that OPTIONS names', async () => {
    const allow = ['GET', 'HEAD', ...WITH_BODY, 'OPTIONS'].join(', ');
    const options = await (await ask('OPTIONS', '/v1/events')).whole();
    expect([options.response.statusCode, options.response.headers]).toEqual([
      204,
      expect.objectContaining({ allow, 'accept-query': 'application/json' }),
    ]);
    const history = await (await ask('OPTIONS', '/v1/cases/A1/messages')).whole();
    expect([history.response.statusCode, history.response.headers.allow]).toEqual([204, 'GET, HEAD, OPTIONS']);
    const { status, detail } = await refusal('PUT', '/v1/events', '{}');
    expect([status, detail]).toEqual([405, `served here: GET, and ${WITH_BODY.join(' or ')} with a JSON body`]);
  });

  it('X5: and a path that is not served is answered with those that are, and not with the URL', async () => {
    for (const path of ['/v1/event', '/v1//events', '/v1/events/x']) {
      const { status, detail } = await refusal('GET', `${path}?case_ids=A1&access_token=secret`);
      expect([status, detail]).toEqual([
        404,
        expect.stringMatching(/^nothing is served at this path: .*\/v1\/events,/),
      ]);
    }
    const { status, detail } = await refusal('GET', '/v1/cases/A1,A2/messages');
    expect([status, detail]).toEqual([400, 'case_id must be 1 to 64 visible ASCII characters without a comma']);
  });

  it('from a page of an allowed origin, after its preflight', async () => {
    const origin = 'https://app.example';
    for (const method of WITH_BODY) {
      const asked = { 'access-control-request-method': method, 'access-control-request-headers': 'content-type' };
      const { response } = await (await ask('OPTIONS', '/v1/events', undefined, { origin, ...asked })).whole();
      expect([response.statusCode, response.headers]).toEqual([
        204,
        expect.objectContaining({
          'access-control-allow-origin': origin,
          'access-control-allow-headers': 'content-type',
          'access-control-allow-methods': expect.stringMatching(new RegExp(`\\b${method}\\b`)),
        }),
      ]);
    }
  });

  it('X5: and answered, not cut off, if the client reads an answer only after it has sent everything', async () => {
    const authorization = `Authorization: Bearer ${await token()}\r\n`;
    const head = `POST /v1/events HTTP/1.1\r\nHost: a\r\n${authorization}Content-Type: application/json\r\n`;
    const piece = 'x'.repeat(1_000_000);
    const after = `GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
    const chunk = `${piece.length.toString(16)}\r\n${piece}\r\n`;
    const ways = [
      `${head}Content-Length: ${8 * piece.length}\r\n\r\n${piece.repeat(8)}`,
      `${head}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(8)}0\r\n\r\n`,
    ];
    for (const bytes of ways) {
      expect(statusesOf(await sentBeforeReading(gateway.url, bytes + after))).toEqual(['413', '200']);
    }
    const long = `GET /v1/events?case_ids=${piece}${piece} HTTP/1.1\r\nHost: a\r\n\r\n`;
    const answer = await sentBeforeReading(gateway.url, long);
    expect(statusesOf(answer)).toEqual(['431']);
    expect(answer).toContain('POST /v1/events takes many case_ids in a JSON body');
  });
});

/** Sends all of it, and reads only afterwards, as clients with one blocking connection do. */
async function sentBeforeReading(url: string, bytes: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1').pause();
  let text = '';
  socket.setEncoding('latin1').on('data', (part: string) => (text += part));
  let error: unknown = null;
  const closed = new Promise((resolve) => socket.on('error', (reason) => (error = reason)).once('close', resolve));
  socket.pause();
  let isSent = false;
  socket.write(bytes, () => (isSent = true));
  await until(() => isSent);
  socket.resume();
  await closed;
  expect(error).toBeNull();
  return text;
}

const statusesOf = (text: string) => [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => status);
