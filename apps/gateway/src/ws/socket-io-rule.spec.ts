import { request as send, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { RunningGateway, token } from '../../test/running-gateway.js';
import { SocketIoRule } from './socket-io-rule.js';

const POLLING = '/socket.io/?EIO=4&transport=polling';

async function ask(gateway: RunningGateway, path: string, headers: Record<string, string> = {}, body?: string) {
  const method = body === undefined ? 'GET' : 'POST';
  const { hostname: host, port } = new URL(gateway.url);
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const outgoing = send({ host, port, path, method, agent: false, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    outgoing.on('error', reject).end(body);
  });
}

/** Sends a WebSocket handshake. @returns the bytes of the answer, until they pause */
function handshake(gateway: RunningGateway, path: string, headers = ''): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
    let text = '';
    socket.setEncoding('latin1').on('data', (part: string) => (text += part));
    socket.on('close', () => resolve(text)).setTimeout(300, () => socket.destroy());
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: push.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${headers}\r\n`,
    );
  });
}

describe('requests for Socket.IO', () => {
  let gateway: RunningGateway;
  beforeAll(async () => void (gateway = await RunningGateway.start({ ALLOWED_ORIGINS: 'https://app.example' })));
  afterAll(() => gateway.stop());

  /** Runs a long polling session with these headers. @returns the answer to its second poll */
  async function session(headers: Record<string, string>, postHeaders = headers): Promise<string> {
    const open = await ask(gateway, POLLING, headers);
    if (open.status !== 200) return open.text;
    const { sid } = JSON.parse(open.text.slice(1)) as { sid: string };
    const post = await ask(gateway, `${POLLING}&sid=${sid}`, postHeaders, '40');
    return post.status === 200 ? (await ask(gateway, `${POLLING}&sid=${sid}`, headers)).text : post.text;
  }

  it.each([
    ['JSONP', `${POLLING}&j=0`, 'JSONP'],
    ['a client of Socket.IO 2', '/socket.io/?EIO=3&transport=polling', 'Socket.IO 3 or 4'],
    ['no protocol', '/socket.io/?transport=polling', 'Socket.IO 3 or 4'],
    ['two protocols', `${POLLING}&EIO=3`, 'Socket.IO 3 or 4'],
    ['an unknown transport', '/socket.io/?EIO=4&transport=flashsocket', 'set transports'],
    ['no transport', '/socket.io/?EIO=4', 'set transports'],
    ['two transports', `${POLLING}&transport=flashsocket`, '"flashsocket" is not served'],
    ['a long name', `/socket.io/?EIO=4&transport=${'x'.repeat(50)}`, `the transport "${'x'.repeat(20)}" is`],
  ])('are refused in words: %s', async (_what, path, words) => {
    const { status, text } = await ask(gateway, path);
    expect([status, JSON.parse(text)]).toEqual([
      400,
      expect.objectContaining({ code: 'invalid', detail: expect.stringContaining(words) }),
    ]);
  });

  it.each([
    ['a client of Socket.IO 2', '/socket.io/?EIO=3&transport=websocket', '', /^HTTP\/1\.1 400 .*Socket\.IO 3 or 4/s],
    ['a foreign page', '/socket.io/?EIO=4&transport=websocket', 'Origin: https://evil.example\r\n', /^HTTP\/1\.1 403 /],
    ['a page without an origin', '/socket.io/?EIO=4&transport=websocket', 'Origin: null\r\n', /^HTTP\/1\.1 403 /],
    ['two hosts', '/socket.io/?EIO=4&transport=websocket', 'Host: evil.example\r\n', /^HTTP\/1\.1 400 /],
    ['another path', '/socket.io/x?EIO=4&transport=websocket', '', /^HTTP\/1\.1 404 /],
  ])('are refused before the upgrade: %s', async (_what, path, headers, expected) => {
    const answer = await handshake(gateway, path, headers);
    expect(answer).toMatch(expected);
    expect(answer).toMatch(
      /content-type: application\/problem\+json.*x-content-type-options: nosniff|nosniff.*problem/is,
    );
    expect(answer).not.toContain('101');
  });

  it('of a fleet say which transport is served there', () => {
    const rule = new SocketIoRule(['websocket'], false, 1000);
    const asked = { url: POLLING, headers: {} } as IncomingMessage;
    const words = `the transport "polling" is not served here: set transports: ['websocket']`;
    expect(() => rule.check(asked)).toThrow(words);
  });

  it('may be as large as a message may be, and come from no page at all', () => {
    const rule = new SocketIoRule(['polling'], false, 1000);
    const check = (headers: object) => rule.check({ url: POLLING, headers } as IncomingMessage);
    check({ 'content-length': '1000', 'sec-fetch-site': 'none' });
    expect(() => check({ 'content-length': '1001' })).toThrow('at most 1000 bytes');
  });

  it('X5: are refused if a poll is larger than a message may be', async () => {
    const { sid } = JSON.parse((await ask(gateway, POLLING)).text.slice(1)) as { sid: string };
    const { status, text } = await ask(gateway, `${POLLING}&sid=${sid}`, {}, `4${'x'.repeat(600_000)}`);
    expect([status, JSON.parse(text)]).toEqual([
      413,
      expect.objectContaining({ code: 'payload_too_large', detail: expect.stringContaining('at most 524288 bytes') }),
    ]);
  });

  it('begin with one slash or several', async () => {
    expect(await ask(gateway, `/${POLLING}`)).toMatchObject({ status: 200 });
    expect(await handshake(gateway, '//socket.io/?EIO=4&transport=websocket')).toMatch(/^HTTP\/1\.1 101 /);
    expect(await handshake(gateway, '//socket.io/?EIO=3&transport=websocket')).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('bring no library, unless asked for by a setting', async () => {
    expect(await ask(gateway, '/socket.io/socket.io.js')).toMatchObject({ status: 404 });
    const other = await RunningGateway.start({ SERVE_SOCKET_IO_CLIENT: 'true' });
    expect(await ask(other, '/socket.io/socket.io.min.js')).toMatchObject({ status: 200 });
    expect(await ask(other, '/socket.io/secrets.js')).toMatchObject({ status: 404 });
    expect(await ask(other, '/socket.io/socket.io.msgpack.min.js')).toMatchObject({ status: 404 });
    await other.stop();
  });

  it('are refused if they come from another site and name no origin', async () => {
    for (const site of ['cross-site', 'same-site']) {
      expect((await ask(gateway, POLLING, { 'sec-fetch-site': site })).status).toBe(403);
    }
    expect((await ask(gateway, POLLING, { 'sec-fetch-site': 'same-origin' })).status).toBe(200);
    const friend = { 'sec-fetch-site': 'cross-site', origin: 'https://app.example' };
    expect((await ask(gateway, POLLING, friend)).status).toBe(200);
  });

  it('may use the cookie only if a header proves that a page of this site asks', async () => {
    const cookie = `pollcast_token=${await token()}`;
    const own = gateway.url;
    const connected = /^40\{"sid"/;
    expect(await session({ cookie })).toMatch(/^44.*does not count/);
    expect(await session({ cookie }, {})).toMatch(/^44.*does not count/);
    expect(await session({ cookie, origin: own })).toMatch(connected);
    expect(await session({ cookie, 'sec-fetch-site': 'same-origin' })).toMatch(connected);
    // A page of the own origin without TLS: its GET names no page, its POST does.
    expect(await session({ cookie }, { cookie, origin: own })).toMatch(connected);
    expect(await session({ cookie }, { cookie, 'sec-fetch-site': 'same-origin' })).toMatch(connected);
    // The handshake has named the page; that the POST does not name it changes nothing.
    expect(await session({ cookie, origin: own }, { cookie })).toMatch(connected);
    // The complete attack: a script makes the handshake, a form sends the rest.
    expect(await session({ cookie }, { cookie, origin: 'https://evil.example' })).toMatch(/"forbidden"/);
    expect(await session({ authorization: `Bearer ${await token()}` })).toMatch(connected);
  });
});
