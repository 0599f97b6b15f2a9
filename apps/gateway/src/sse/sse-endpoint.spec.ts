import { request, type IncomingHttpHeaders } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { RunningGateway, token } from '../../test/running-gateway.js';
import { until } from '../../../../test/harness/until.js';

describe('events over SSE', () => {
  let gateway: RunningGateway;

  afterEach(() => gateway.stop());

  it('begins with replay and ready, and continues live', async () => {
    gateway = await RunningGateway.start();
    await gateway.store.publish('A1');
    const stream = await gateway.read('/v1/events?case_ids=A1&case_ids=A2');
    await until(() => stream.has('ready'));
    await gateway.store.publish('A2');
    await until(() => stream.contents().length === 2);
    expect(stream.response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    });
    expect(stream.text).toMatch(/^retry: \d+\nid: /);
    const [first, ready, second] = stream.events.filter(({ event }) => event !== 'backfilled');
    expect(first).toMatchObject({ event: 'message', id: first?.data.id, data: { case_id: 'A1', sent_at: null } });
    expect(ready).toEqual({
      event: 'ready',
      id: first?.id,
      data: {
        case_ids: ['A1', 'A2'],
        language: 'zh-cn',
        last_event_id: first?.id,
        recovered: false,
        replayed: 1,
        last_answer_at: null, // The upstream has not answered for A2 yet (R10).
        pending: ['A2'],
      },
    });
    expect(second?.id?.localeCompare(first?.id ?? '')).toBe(1);
  });

  it('R10: says in ready when the upstream last answered', async () => {
    gateway = await RunningGateway.start();
    const { store } = gateway;
    const answered = async () => {
      store.clock.advance(1000);
      const stream = await gateway.read('/v1/events?case_ids=A1');
      await until(() => stream.has('ready'));
      return stream.events.at(-1)?.data;
    };
    expect(await answered()).toMatchObject({ last_answer_at: null });
    await store.publish('A1');
    const instant = new Date(store.clock.now()).toISOString();
    expect(await answered()).toMatchObject({ last_answer_at: instant });
  });

  it('resumes from Last-Event-ID, and says so in ready', async () => {
    gateway = await RunningGateway.start();
    await gateway.store.publish('A1', 'seen');
    const before = await gateway.read('/v1/events?case_ids=A1');
    await until(() => before.has('ready'));
    await gateway.store.publish('A1', 'missed');
    const header = { 'last-event-id': before.events.at(-1)?.id ?? '' };
    const stream = await gateway.read('/v1/events?case_ids=A1', header);
    await until(() => stream.has('ready'));
    expect(stream.contents()).toEqual(['missed']);
    expect(stream.events.at(-1)?.data).toMatchObject({ recovered: true, replayed: 1 });
  });

  it('gives each of a crowd at one position the same replay, over each transport', async () => {
    gateway = await RunningGateway.start();
    await gateway.store.publish('A1', 'seen');
    const before = await gateway.read('/v1/events?case_ids=A1&case_ids=A2');
    await until(() => before.has('ready'));
    const contents = ['a', 'b', 'c', 'd', 'e'].map((one) => one.repeat(20_000));
    for (const [at, content] of contents.entries()) await gateway.store.publish(at % 2 === 0 ? 'A1' : 'A2', content);
    const lastEventId = before.events.at(-1)?.id ?? '';
    const texts: string[] = [];
    for (let member = 0; member < 4; member += 1) {
      const stream = await gateway.read('/v1/events?case_ids=A1&case_ids=A2', { 'last-event-id': lastEventId });
      await until(() => stream.has('ready'));
      expect(stream.contents()).toEqual(contents);
      texts.push(stream.text.slice(stream.text.indexOf('id: ')));
    }
    const { hostname, port } = new URL(gateway.url);
    const plain = connectTcp(Number(port), hostname);
    let text = '';
    plain.setEncoding('utf8').on('data', (part: string) => (text += part));
    const query = `case_ids=A1&case_ids=A2&last_event_id=${lastEventId}&access_token=${await token()}`;
    plain.write(`GET /v1/events?${query} HTTP/1.0\r\n\r\n`);
    await until(() => /event: ready\n.*\n\n/.test(text));
    plain.destroy();
    texts.push(text.slice(text.indexOf('id: ')));
    expect(new Set(texts).size).toBe(1);
    for (let member = 0; member < 3; member += 1) {
      const socket = await gateway.connect({ token: await token() });
      const told: string[] = [];
      socket.on('message', ({ message }: { message: { content: string } }) => void told.push(message.content));
      const asked = { case_ids: ['A1', 'A2'], last_event_id: lastEventId };
      expect(await socket.emitWithAck('subscribe', asked)).toMatchObject({ ok: true, replayed: 5, recovered: true });
      expect(told).toEqual(contents);
    }
  });

  it.each(['/v1/events', '/v1/events/', '/V1/events'])('serves and refuses the same way at %s', async (path) => {
    gateway = await RunningGateway.start({ ALLOWED_ORIGINS: 'https://app.example' });
    const stream = await gateway.read(`${path}?case_ids=A1`, { origin: 'https://app.example' });
    await until(() => stream.has('ready'));
    expect(stream.response.headers).toMatchObject({
      'access-control-allow-origin': 'https://app.example',
      vary: 'Origin',
    });
    const answer = async (query: string, headers: Record<string, string> = {}) => {
      const { response, text } = await (await gateway.read(`${path}${query}`, headers)).whole();
      return [response.statusCode, response.headers['content-type'], JSON.parse(text).code];
    };
    const type = 'application/problem+json; charset=utf-8';
    expect(await answer('')).toEqual([400, type, 'invalid']);
    expect(await answer('?case_ids=A1', { authorization: 'Bearer x' })).toEqual([401, type, 'unauthorized']);
    expect(await answer('?case_ids=B1')).toEqual([403, type, 'forbidden']);
    expect(await answer('?case_ids=A1', { origin: 'https://evil.example' })).toEqual([403, type, 'forbidden']);
  });

  it('serves a target with scheme and host, and no path that only looks alike', async () => {
    gateway = await RunningGateway.start();
    const status = async (target: string) => (await head(gateway, 'HEAD', target)).status;
    expect(await status('http://any.example/v1/events?case_ids=A1')).toBe(200);
    expect(await status('http://any.example/V1/events/?case_ids=A1')).toBe(200);
    expect(await status('//v1/events?case_ids=A1')).toBe(200);
    expect(await status('///v1/cases/A1/messages')).toBe(200);
    expect(await status('//health/live')).toBe(404);
    expect(await status('//metrics')).toBe(404);
    for (const path of ['/v1/eventsx', '/v1/events//', '/v1/events/x', '/v1/%65vents', '/v1/events%2F']) {
      expect([path, await status(`${path}?case_ids=A1`)]).toEqual([path, 404]);
    }
  });

  it.each(['PUT', 'PATCH', 'DELETE', 'TRACE'])('refuses %s', async (method) => {
    gateway = await RunningGateway.start({ ALLOWED_ORIGINS: 'https://app.example' });
    const refused = await head(gateway, method, '/v1/events?case_ids=A1', { origin: 'https://app.example' });
    expect(refused.status).toBe(405);
    expect(refused.headers).toMatchObject({
      allow: expect.stringMatching(/^GET, HEAD, POST(, QUERY)?, OPTIONS$/),
      'access-control-allow-origin': 'https://app.example',
      'content-type': 'application/problem+json; charset=utf-8',
      vary: 'Origin',
    });
    const foreign = await head(gateway, method, '/v1/events?case_ids=A1', { origin: 'https://evil.example' });
    expect(foreign.status).toBe(403);
    expect(foreign.headers).not.toHaveProperty('access-control-allow-origin');
  });

  it('answers a preflight of an allowed origin, and refuses that of another one', async () => {
    gateway = await RunningGateway.start({ ALLOWED_ORIGINS: 'https://app.example' });
    const preflight = (origin: string) =>
      head(gateway, 'OPTIONS', '/v1/events', {
        origin,
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'authorization, traceparent,baggage, x-request-id',
      });
    const allowed = await preflight('https://app.example');
    expect(allowed.status).toBe(204);
    expect(allowed.headers).toMatchObject({
      'access-control-allow-origin': 'https://app.example',
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': expect.stringMatching(/^GET, HEAD, POST(, QUERY)?$/),
      'access-control-allow-headers': 'authorization, traceparent,baggage, x-request-id',
      'access-control-max-age': '600',
      vary: 'Origin, Access-Control-Request-Headers',
    });
    expect((await preflight('https://evil.example')).status).toBe(403);
  });

  it('checks a HEAD request as it checks GET', async () => {
    gateway = await RunningGateway.start();
    const status = async (query: string, headers = {}) =>
      (await head(gateway, 'HEAD', `/v1/events${query}`, headers)).status;
    expect(await status('?case_ids=A1')).toBe(200);
    expect(await status('')).toBe(400);
    expect(await status('?case_ids=A1', { authorization: 'Bearer x' })).toBe(401);
    expect(await status('?case_ids=B1')).toBe(403);
    expect(await status('?case_ids=A1', { origin: 'https://evil.example' })).toBe(403);
  });

  it('answers an unknown position with a gap and everything that is kept', async () => {
    gateway = await RunningGateway.start();
    await gateway.store.publish('A1');
    const stream = await gateway.read('/v1/events?case_ids=A1&last_event_id=nonsense&history=0');
    await until(() => stream.has('ready'));
    expect(stream.events.map(({ event }) => event)).toEqual(['gap', 'message', 'ready']);
    expect(stream.events[0]?.data).toEqual({ case_ids: ['A1'], reason: 'unknown_position' });
  });

  it('serves HTTP/1.0 without chunks, and HEAD without a body', async () => {
    gateway = await RunningGateway.start();
    const { hostname, port } = new URL(gateway.url);
    const plain = connectTcp(Number(port), hostname);
    let text = '';
    plain.setEncoding('utf8').on('data', (part: string) => (text += part));
    plain.write(`GET /v1/events?case_ids=A1&access_token=${await token()} HTTP/1.0\r\n\r\n`);
    await until(() => text.includes('event: ready'));
    expect(text).not.toMatch(/transfer-encoding/i);
    expect(text).toMatch(/\r\n\r\nretry: \d+\nid: /);
    plain.destroy();
    const head = await fetch(`${gateway.url}/v1/events?case_ids=A1&access_token=${await token()}`, { method: 'HEAD' });
    expect(head.status).toBe(200);
  });

  it('keeps an idle stream alive with comments', async () => {
    gateway = await RunningGateway.start({ SSE_HEARTBEAT_MS: '100' });
    const stream = await gateway.read('/v1/events?case_ids=A1');
    await until(() => (stream.text.match(/^:$/gm) ?? []).length >= 2);
    expect(stream.has('heartbeat')).toBe(false);
  });

  it.each<[string, string, Record<string, string>, number, object]>([
    ['no token', '/v1/events?case_ids=A1', { authorization: '' }, 401, { code: 'unauthorized' }],
    ['no tickets', '/v1/events', {}, 400, { code: 'invalid' }],
    ['a strange ticket', '/v1/events?case_ids=A%201', {}, 400, { code: 'invalid' }],
    ['two groups', '/v1/events?case_ids=A1&group_id=a&group_id=b', {}, 400, { code: 'invalid' }],
    ['foreign tickets', '/v1/events?case_ids=A1&case_ids=B1', {}, 403, { code: 'forbidden', case_ids: ['B1'] }],
    ['a foreign group', '/v1/events?case_ids=A1&group_id=g', {}, 403, { code: 'forbidden', case_ids: ['A1'] }],
    ['too many tickets', '/v1/events?case_ids=A1&case_ids=A2&case_ids=A3', {}, 400, { code: 'too_many' }],
    ['a foreign origin', '/v1/events?case_ids=A1', { origin: 'https://evil.example' }, 403, { code: 'forbidden' }],
    ['another path', '/v1/nothing', {}, 404, { code: 'not_found' }],
    ['a broken path', '/v1/cases/%ff/messages', {}, 400, { code: 'invalid' }],
    ['a huge query', `/v1/events?x=${'x'.repeat(300_000)}`, {}, 431, { code: 'headers_too_large' }],
  ])('refuses %s with a problem', async (_, path, headers, status, problem) => {
    gateway = await RunningGateway.start({ MAX_CASES_PER_SUBSCRIPTION: '2' });
    const { response, text } = await (await gateway.read(path, headers)).whole();
    expect(response.statusCode).toBe(status);
    expect(response.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(JSON.parse(text)).toMatchObject({
      status,
      type: expect.any(String),
      title: expect.any(String),
      ...problem,
    });
  });

  it('refuses more connections than a subject may have, until one ends', async () => {
    gateway = await RunningGateway.start({ MAX_CONNECTIONS_PER_SUBJECT: '1' });
    const first = await gateway.read('/v1/events?case_ids=A1');
    const second = await (await gateway.read('/v1/events?case_ids=A1')).whole();
    expect(second.response.statusCode).toBe(429);
    expect(Number(second.response.headers['retry-after'])).toBeGreaterThan(0);
    await expect(gateway.connect({ token: await token() })).rejects.toMatchObject({ data: { code: 'too_many' } });
    first.response.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await gateway.read('/v1/events?case_ids=A1')).response.statusCode).toBe(200);
  });

  it('answers 503 while the store is out of reach', async () => {
    gateway = await RunningGateway.start();
    gateway.store.broker.interrupt();
    const { response, text } = await (await gateway.read('/v1/events?case_ids=A1')).whole();
    expect(response.statusCode).toBe(503);
    expect(response.headers['retry-after']).toBe('2');
    expect(JSON.parse(text)).toMatchObject({ code: 'unavailable' });
  });

  it('sends closing when the token expires', async () => {
    gateway = await RunningGateway.start();
    const stream = await gateway.read('/v1/events?case_ids=A1', { authorization: `Bearer ${await token({}, 1)}` });
    await until(() => stream.ended);
    expect(stream.events.at(-1)).toMatchObject({ event: 'closing', data: { reason: 'token_expired' } });
  });

  it('closes a client that does not read', async () => {
    gateway = await RunningGateway.start({ SLOW_CONSUMER_MAX_BYTES: '100000' });
    const stream = await gateway.read('/v1/events?case_ids=A1');
    await until(() => stream.has('ready'));
    stream.response.pause();
    for (let sent = 0; sent < 150; sent += 1) {
      await gateway.store.publish('A1', `${sent} ${'x'.repeat(100_000)}`);
    }
    stream.response.resume();
    await until(() => stream.ended);
    expect(stream.events.at(-1)?.data).toMatchObject({ reason: 'slow_consumer' });
    expect(stream.contents().length).toBeLessThan(150);
  });
});

/** Status and headers of the answer to alice's request. Its target may have any form. */
async function head(
  { url }: RunningGateway,
  method: string,
  target: string,
  headers: Record<string, string> = {},
): Promise<{ readonly status: number | undefined; readonly headers: IncomingHttpHeaders }> {
  const { hostname: host, port } = new URL(url);
  const options = { host, port, path: target, method, agent: false };
  const authorization = `Bearer ${await token()}`;
  return new Promise((resolve, reject) => {
    request({ ...options, headers: { authorization, ...headers } }, (response) => {
      response.resume();
      resolve({ status: response.statusCode, headers: response.headers });
    })
      .on('error', reject)
      .end();
  });
}
