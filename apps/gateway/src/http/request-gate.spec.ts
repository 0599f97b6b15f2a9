import { request as send, type IncomingHttpHeaders } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { RunningGateway, token } from '../../test/running-gateway.js';

const FRIEND = 'https://app.example';
const EVIL = 'https://evil.example';
const POLLING = '/socket.io/?EIO=4&transport=polling';

/** One request for each part of the gateway that answers requests. */
const REQUESTS: readonly (readonly [method: string, path: string])[] = [
  ['GET', '/health/live'],
  ['GET', '/health/ready'],
  ['GET', '/metrics'],
  ['GET', '/v1/events?case_ids=A1'],
  ['HEAD', '/v1/events?case_ids=A1'],
  ['POST', '/v1/events?case_ids=A1'],
  ['GET', '/v1/cases/A1/messages'],
  ['POST', '/v1/hints'],
  ['GET', POLLING],
  ['POST', `${POLLING}&sid=x`],
  ['GET', '/socket.io/socket.io.js'],
  ['OPTIONS', '/v1/hints'],
  ['GET', '/nothing'],
];

/** What helmet sets, as its documentation lists it. */
const SECURITY = {
  'content-security-policy': "default-src 'none';frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'origin-agent-cluster': '?1',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-dns-prefetch-control': 'off',
  'x-download-options': 'noopen',
  'x-frame-options': 'SAMEORIGIN',
  'x-permitted-cross-domain-policies': 'none',
  'x-xss-protection': '0',
};

describe('every request, whichever part answers it', () => {
  let gateway: RunningGateway;
  beforeAll(async () => void (gateway = await RunningGateway.start({ ALLOWED_ORIGINS: FRIEND })));
  afterAll(() => gateway.stop());

  interface Answer {
    readonly status: number;
    readonly headers: IncomingHttpHeaders;
    readonly text: string;
  }

  /** The whole answer; of a stream, its beginning. */
  function ask(method: string, path: string, headers: Record<string, string> = {}, body = ''): Promise<Answer> {
    const { hostname: host, port } = new URL(gateway.url);
    return new Promise((resolve, reject) => {
      const outgoing = send({ host, port, path, method, agent: false, headers }, (response) => {
        let text = '';
        const done = () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
          if (response.headers['content-type']?.startsWith('text/event-stream')) response.destroy();
        });
        response.on('close', done).on('error', done);
      });
      outgoing.on('error', reject).end(body);
    });
  }

  it.each(REQUESTS)('has the security headers with its answer: %s %s', async (method, path) => {
    const authorization = `Bearer ${await token()}`;
    expect((await ask(method, path, { authorization })).headers).toMatchObject({ ...SECURITY, vary: 'Origin' });
    expect((await ask(method, path)).headers).toMatchObject(SECURITY);
  });

  it.each(REQUESTS)(
    'is refused to a page of another origin or of none, with or without a token: %s %s',
    async (method, path) => {
      const authorization = `Bearer ${await token()}`;
      for (const origin of [EVIL, 'null', 'https://app.example.evil.example']) {
        const { status, headers, text } = await ask(method, path, { origin, authorization });
        expect([status, headers['access-control-allow-origin']]).toEqual([403, undefined]);
        if (method !== 'HEAD') expect(JSON.parse(text)).toMatchObject({ code: 'forbidden' });
      }
      const { headers } = await ask(method, path, { origin: FRIEND, authorization });
      expect(headers).toMatchObject({ 'access-control-allow-origin': FRIEND, ...SECURITY });
    },
  );

  it.each(REQUESTS)(
    'has a preflight that is answered for a page of an allowed origin: %s %s',
    async (_method, path) => {
      const asked = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'traceparent' };
      const answer = await ask('OPTIONS', path, { origin: FRIEND, ...asked });
      expect(answer.status).toBe(204);
      expect(answer.headers).toMatchObject({
        'access-control-allow-origin': FRIEND,
        'access-control-allow-headers': 'traceparent',
        vary: 'Origin, Access-Control-Request-Headers',
      });
      expect((await ask('OPTIONS', path, { origin: EVIL, ...asked })).status).toBe(403);
    },
  );

  it('has no preflight with an invalid header name granted', async () => {
    const asked = { origin: FRIEND, 'access-control-request-method': 'GET' };
    for (const names of ['a b', 'x'.repeat(2000), 'a,,b', '']) {
      const { headers } = await ask('OPTIONS', '/v1/hints', { ...asked, 'access-control-request-headers': names });
      expect([names.slice(0, 5), headers['access-control-allow-headers']]).toEqual([names.slice(0, 5), undefined]);
    }
  });

  it.each(REQUESTS)('is refused unless it has exactly one Host: %s %s', async (method, path) => {
    const bare = (hosts: string) =>
      new Promise<string>((resolve) => {
        const socket = connectTcp(Number(new URL(gateway.url).port), '127.0.0.1');
        let text = '';
        socket.setEncoding('latin1').on('data', (part: string) => (text += part));
        socket.on('close', () => resolve(text)).setTimeout(300, () => socket.destroy());
        socket.write(`${method} ${path} HTTP/1.1\r\n${hosts}Connection: close\r\n\r\n`);
      });
    for (const hosts of ['Host: push.example\r\nHOST: evil.example\r\n', 'Host: a\r\nHost: a\r\n', '']) {
      const answer = await bare(hosts);
      expect(answer.slice(0, 12)).toBe('HTTP/1.1 400');
      if (method !== 'HEAD') expect(answer).toContain('a request has one Host');
    }
    expect(await bare('Host: push.example\r\n')).not.toContain('a request has one Host');
  });

  it('is counted if it is refused', async () => {
    const refused = async () =>
      /refusals_total\{[^}]*code="forbidden"[^}]*\} (\d+)/.exec((await ask('GET', '/metrics')).text)?.[1];
    const before = Number((await refused()) ?? 0);
    await ask('GET', POLLING, { origin: EVIL });
    expect(Number(await refused())).toBe(before + 1);
  });
});
