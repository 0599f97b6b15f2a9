import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { PollRequest } from '#core';
import { memoryAttempts } from '#testing';
import { createOsmClient, type OsmSettings } from './osm.factory.js';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const MAX_BYTES = 100_000;
/** Of a request that is answered on a busy machine, and of one that is not, ms. */
const PATIENT_MS = 10_000;
const TIMEOUT_MS = 300;
const JSON_TYPE = { 'content-type': 'application/json;charset=UTF-8' };
const GZIP = { ...JSON_TYPE, 'content-encoding': 'gzip' };
const EMPTY = '{"imstatus":[],"immsg":[],"last_message_time_id":1}';
const REQUEST: PollRequest = { feed: { language: 'zh-cn' }, caseIds: ['CS1', 'CS2'], cursor: '42', knownDigest: null };

let server: Server;
let client: ReturnType<typeof createOsmClient>;
let handle: Handler;
let seen: { method?: string; url: string; headers: IncomingMessage['headers'] }[];
let sockets: Set<unknown>;

const answers = (body: string | Buffer, headers: Record<string, string> = JSON_TYPE, status = 200): Handler => {
  return (_, response) => response.writeHead(status, headers).end(body);
};

const tooLong: Handler = (_, response) => response.writeHead(200, { ...JSON_TYPE, 'content-length': 1e9 }).write('{');

const endless: Handler = (_, response) => {
  response.writeHead(200, JSON_TYPE);
  const timer = setInterval(() => response.write(' '.repeat(20_000)), 5);
  response.on('close', () => clearInterval(timer));
};

const cutShort: Handler = (request, response) => {
  response.writeHead(200, { ...JSON_TYPE, 'content-length': 50 }).write('{"immsg":[');
  setTimeout(() => request.socket.destroy(), 20);
};

const trickling: Handler = (_, response) => {
  response.writeHead(200, JSON_TYPE);
  const timer = setInterval(() => response.write(' '), 20);
  response.on('close', () => clearInterval(timer));
};

function settings(changes: Partial<OsmSettings> = {}): OsmSettings {
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    upstreamBaseUrl: `${base}/api/`,
    httpsProxy: '',
    httpProxy: '',
    noProxy: '',
    upstreamAuth: 'token',
    upstreamToken: 'the-token',
    iamBaseUrl: base,
    iamUsername: 'user',
    iamPassword: 'pass"word',
    iamDomain: 'domain',
    iamProject: '',
    upstreamAccessKey: 'ACCESS',
    upstreamSecretKey: 'SECRET',
    upstreamSecurityToken: '',
    upstreamDomainId: '',
    upstreamProjectId: '',
    upstreamTimeZone: 'GMT+8',
    upstreamSite: '1',
    upstreamTrimRichText: '',
    upstreamTimeoutMs: PATIENT_MS,
    upstreamMaxBodyBytes: MAX_BYTES,
    workerConcurrency: 2,
    ...changes,
  };
}

const parts = { clock: Date, userAgent: 'pollcast/1.2.3', attempts: memoryAttempts, onCredentials: () => undefined };
const poll = (changes: Partial<PollRequest> = {}) => client.poll({ ...REQUEST, ...changes });
const failure = (code: string, message?: string) =>
  expect.objectContaining({ name: 'UpstreamFailure', code, ...(message ? { message } : {}) });

beforeEach(async () => {
  seen = [];
  sockets = new Set();
  server = createServer((request, response) => {
    seen.push({ method: request.method, url: request.url ?? '', headers: request.headers });
    handle(request, response);
  });
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  handle = answers(EMPTY);
  client = createOsmClient(settings(), parts);
});

afterEach(async () => {
  await client.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

describe('request', () => {
  it('is the documented one', async () => {
    expect(await poll()).toMatchObject({ kind: 'content', cursor: '1', content: { lists: [], statuses: [] } });
    expect(seen[0]).toMatchObject({
      method: 'GET',
      url: '/api/v2/servicerequest/cases/instant-messages?case_ids=CS1&case_ids=CS2&last_message_time_id=42',
      headers: {
        'user-agent': 'pollcast/1.2.3',
        'x-auth-token': 'the-token',
        'x-language': 'zh-cn',
        'x-time-zone': 'GMT+8',
        'x-site': '1',
      },
    });
  });

  it('encodes every value as one value', async () => {
    const caseIds = ['a&case_ids=b', 'c,d', 'e%20', "f'(*)"];
    await poll({ caseIds, feed: { language: 'en-us', groupId: 'ä &=' }, cursor: 'x+/=' });
    const query = new URL(seen[0]?.url ?? '', 'http://x').searchParams;
    expect(query.getAll('case_ids')).toEqual(caseIds);
    expect([query.get('group_id'), query.get('last_message_time_id')]).toEqual(['ä &=', 'x+/=']);
    expect(seen[0]?.url).not.toMatch(/[,'()*+]/);
  });

  it('has sorted ids, whatever their order in the set: the SDKs sign repeated values sorted or as sent', async () => {
    await poll({ caseIds: ['b', 'a~', 'a', 'B', 'a-'] });
    expect(new URL(seen[0]?.url ?? '', 'http://x').searchParams.getAll('case_ids')).toEqual([
      'B',
      'a',
      'a-',
      'a~',
      'b',
    ]);
  });

  it.each(['true', 'false'] as const)(
    'says whether labels of rich text are removed: %s',
    async (upstreamTrimRichText) => {
      const telling = createOsmClient(settings({ upstreamTrimRichText }), parts);
      await telling.poll(REQUEST);
      await telling.close();
      expect(seen[0]?.url).toMatch(
        new RegExp(`&last_message_time_id=42&trim_osm_rich_text_label=${upstreamTrimRichText}$`),
      );
    },
  );

  it('has no cursor if it reads from the beginning', async () => {
    await poll({ cursor: null });
    expect(seen[0]?.url).toMatch(/\?case_ids=CS1&case_ids=CS2$/);
  });

  it('uses a kept connection', async () => {
    for (let i = 0; i < 20; i += 1) await poll();
    expect(sockets.size).toBeLessThanOrEqual(settings().workerConcurrency);
  });

  it('is signed if keys are given', async () => {
    const signing = createOsmClient(settings({ upstreamAuth: 'aksk' }), parts);
    await signing.poll(REQUEST);
    await signing.close();
    expect(seen[0]?.headers.authorization).toMatch(
      /^SDK-HMAC-SHA256 Access=ACCESS, SignedHeaders=host;x-sdk-date, Signature=[0-9a-f]{64}$/,
    );
    expect(seen[0]?.headers['x-auth-token']).toBeUndefined();
  });
});

describe('answer', () => {
  it('with known contents is not read again', async () => {
    const first = await poll();
    handle = answers(EMPTY.replace(':1}', ':99999999999999999999}'));
    const knownDigest = first.kind === 'content' ? first.digest : null;
    expect(await poll({ knownDigest })).toMatchObject({ kind: 'unchanged', cursor: '99999999999999999999' });
  });

  it('may arrive in pieces, and compressed although the request did not ask for it', async () => {
    const text = '{"immsg":[{"incident_id":"CS1","message_list":[{"content":"您好"}]}]}';
    handle = (_, response) => {
      const body = gzipSync(text);
      response.writeHead(200, GZIP).write(body.subarray(0, 20));
      setTimeout(() => response.end(body.subarray(20)), 20);
    };
    expect(await poll()).toMatchObject({ content: { lists: [{ messages: [{ message: { content: '您好' } }] }] } });
    expect(seen[0]?.headers['accept-encoding']).toBeUndefined();
  });

  it.each<[string, Handler]>([
    ['of another type', answers(EMPTY, { 'content-type': 'text/html' })],
    ['of no type', answers(EMPTY, {})],
    ['in another charset', answers(EMPTY, { 'content-type': 'application/json; charset=gbk' })],
    ['that is not UTF-8', answers(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))],
    ['in an unknown encoding', answers(EMPTY, { ...JSON_TYPE, 'content-encoding': 'br' })],
    ['that says gzip and is none', answers(EMPTY, GZIP)],
    ['that is a gzip bomb', answers(gzipSync(' '.repeat(10 * MAX_BYTES)), GZIP)],
    ['with too long a body', answers(' '.repeat(MAX_BYTES + 1))],
    ['that says it is too long', tooLong],
    ['that never ends', endless],
    ['that is empty', answers('')],
    ['that is no HTTP', (request) => request.socket.end('SSH-2.0-OpenSSH\r\n\r\n')],
  ])('%s is malformed', async (_, handler) => {
    handle = handler;
    await expect(poll()).rejects.toEqual(failure('malformed'));
  });

  it('that is too long ends the connection', async () => {
    handle = tooLong;
    const closed = new Promise((resolve) => server.once('connection', (socket) => socket.once('close', resolve)));
    await expect(poll()).rejects.toEqual(failure('malformed', `the answer has more than ${MAX_BYTES} bytes`));
    await closed;
  });

  it.each<[string, Handler]>([
    ['with a dropped connection', (request) => request.socket.destroy()],
    ['cut short', cutShort],
  ])('%s is an upstream out of reach', async (_, handler) => {
    handle = handler;
    await expect(poll()).rejects.toEqual(failure('unavailable'));
  });

  it('is an error if it names one, whatever its status', async () => {
    handle = answers('{"error_code":"OSM.01010002","error_msg":"no","last_message_time_id":5}');
    const message = 'the upstream answered 200 with OSM.01010002 (request unnamed)';
    await expect(poll()).rejects.toEqual(failure('refused', message));
    handle = answers('{"error_code":"APIGW.0308","error_msg":"limit:5,time:1 second"}', JSON_TYPE, 429);
    await expect(poll()).rejects.toMatchObject({ code: 'throttled', retryAfterMs: 1000 });
    handle = answers('<html>', { 'content-type': 'text/html' }, 502);
    await expect(poll()).rejects.toEqual(failure('unavailable'));
  });

  it('that is a redirect is not followed', async () => {
    handle = answers('', { location: '/elsewhere' }, 302);
    await expect(poll()).rejects.toEqual(failure('rejected'));
    expect(seen).toHaveLength(1);
  });
});

describe('time', () => {
  beforeEach(async () => {
    await client.close();
    client = createOsmClient(settings({ upstreamTimeoutMs: TIMEOUT_MS }), parts);
  });

  it.each<[string, Handler]>([
    ['the headers', () => undefined],
    ['the end of the body', (_, response) => response.writeHead(200, JSON_TYPE).write('{')],
    ['the end of a body that trickles', trickling],
  ])('is up when %s does not come', async (_, handler) => {
    handle = handler;
    const before = performance.now();
    await expect(poll()).rejects.toEqual(failure('timeout', `no answer within ${TIMEOUT_MS} ms`));
    expect(performance.now() - before).toBeLessThan(10 * TIMEOUT_MS);
  });

  it('includes the wait for a connection, and such a request is never sent', async () => {
    handle = () => undefined;
    const polls = [poll(), poll(), poll()].map((answer) => expect(answer).rejects.toEqual(failure('timeout')));
    await Promise.all(polls);
    expect(seen).toHaveLength(2);
  });
});

describe('token', () => {
  let issued: number;
  let valid: string;
  let iamStatus: number;

  beforeEach(async () => {
    issued = 0;
    valid = '';
    iamStatus = 201;
    await client.close();
    client = createOsmClient(settings({ upstreamAuth: 'iam', upstreamTimeoutMs: 2000 }), parts);
    handle = (request, response) => {
      if (request.url === '/v3/auth/tokens') {
        issued += iamStatus === 201 ? 1 : 0;
        valid = `token-${issued}`;
        response.writeHead(iamStatus, { ...JSON_TYPE, 'x-subject-token': valid });
        response.end(
          '{"token":{"issued_at":"2026-01-01T00:00:00.000000Z","expires_at":"2026-01-02T00:00:00.000000Z"}}',
        );
        return;
      }
      answers(EMPTY, JSON_TYPE, request.headers['x-auth-token'] === valid ? 200 : 401)(request, response);
    };
  });

  it('is fetched once for all polls', async () => {
    await Promise.all([poll(), poll(), poll()]);
    expect(seen.map(({ headers }) => headers['user-agent'])).toEqual(Array(4).fill('pollcast/1.2.3'));
    expect(seen.map(({ method, url }) => `${method} ${url.slice(0, 15)}`)).toEqual([
      'POST /v3/auth/tokens',
      ...Array<string>(3).fill('GET /api/v2/service'),
    ]);
  });

  it('is renewed once after a 401, and every poll is sent again', async () => {
    await poll();
    valid = 'revoked';
    expect(await Promise.all([poll(), poll(), poll()])).toHaveLength(3);
    expect(issued).toBe(2);
  });

  it('is used for a second request within the remaining time of the poll, the renewal included', async () => {
    const polls = () => seen.filter(({ method }) => method === 'GET').length;
    handle = ((granting) => (request, response) => {
      const afterMs = request.method === 'GET' ? 1200 : 0;
      if (polls() < 2) setTimeout(() => granting(request, response), afterMs); // The second request is never answered.
      valid = 'another';
    })(handle);
    const began = performance.now();
    await expect(poll()).rejects.toEqual(failure('timeout'));
    expect([polls(), performance.now() - began < 3000]).toEqual([2, true]);
  });

  it('that is refused twice is an error', async () => {
    handle = ((granting) => (request, response) => {
      granting(request, response);
      valid = 'another';
    })(handle);
    await expect(poll()).rejects.toEqual(failure('unauthorized'));
    expect(issued).toBe(2);
  });

  it('that IAM refuses is an error without the words of IAM', async () => {
    iamStatus = 401;
    await expect(poll()).rejects.toEqual(failure('unauthorized', 'IAM answered 401'));
  });

  it('from the settings is sent once and not again after a refusal', async () => {
    const fixed = createOsmClient(settings(), parts);
    await expect(fixed.poll(REQUEST)).rejects.toEqual(failure('unauthorized'));
    await fixed.close();
    expect(seen).toHaveLength(1);
  });
});
