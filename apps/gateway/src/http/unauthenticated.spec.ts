import { once } from 'node:events';
import { createServer, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RawConnection } from '../../test/raw-connection.js';
import { RunningGateway, token } from '../../test/running-gateway.js';
import { until } from '../../../../test/harness/until.js';

const UPGRADE =
  'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';
/** A Close frame with the code 1008: too many fragments. */
const REFUSED = '\x88\x02\x03\xf0';
const POLLING = '/socket.io/?EIO=4&transport=polling';

/** A WebSocket frame with the mask 0. */
function frame(opcode: number, payload: string, isLast = true): Buffer {
  const length = Buffer.byteLength(payload);
  const head =
    length < 126
      ? [0x80 | length]
      : length < 65_536
        ? [0x80 | 126, length >> 8, length & 255]
        : [0x80 | 127, 0, 0, 0, 0, length >>> 24, (length >> 16) & 255, (length >> 8) & 255, length & 255];
  return Buffer.concat([Buffer.from([(isLast ? 0x80 : 0) | opcode, ...head, 0, 0, 0, 0]), Buffer.from(payload)]);
}

describe('a connection that has shown no token', () => {
  let gateway: RunningGateway;
  const opened: RawConnection[] = [];
  afterEach(async () => {
    opened.splice(0).forEach(({ socket }) => socket.destroy());
    jest.restoreAllMocks();
    await gateway.stop();
  });

  async function raw(...pieces: (string | Buffer)[]): Promise<RawConnection> {
    const connection = await RawConnection.to(gateway.url, ...pieces);
    opened.push(connection);
    return connection;
  }

  async function webSocket(...frames: Buffer[]): Promise<RawConnection> {
    const connection = await raw(UPGRADE);
    await until(() => connection.text.includes('"sid"'));
    connection.socket.write(Buffer.concat(frames));
    return connection;
  }

  async function session(): Promise<string> {
    const text = await (await fetch(`${gateway.url}${POLLING}`)).text();
    return /"sid":"([^"]+)"/.exec(text)?.[1] ?? '';
  }

  async function metric(name: string): Promise<number> {
    const text = await (await fetch(`${gateway.url}/metrics`)).text();
    return Number(new RegExp(`^pollcast_${name}.* (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  }

  describe('X7: is ended after ten seconds', () => {
    let slow: Record<string, RawConnection>;
    let idle: RawConnection;
    let polled: string;

    it('with what it had not finished, and an idle one is kept', async () => {
      gateway = await RunningGateway.start();
      const post = (path: string) =>
        `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"case_ids":`;
      polled = await session();
      idle = await raw();
      slow = {
        'a head': await raw('GET /v1/events?case_ids=A1'),
        'a long head': await raw(`GET /v1/events?case_ids=${'x'.repeat(20_000)}`),
        'a head after a request': await raw('GET /health/live HTTP/1.1\r\nHost: a\r\n\r\nGET /v1'),
        'the body of a hint': await raw(post('/v1/hints')),
        'the body of a stream': await raw(post('/v1/events')),
        'a body that nobody reads': await raw(post('/nothing')),
        'the body of a long poll': await raw(post(`${POLLING}&sid=${polled}`)),
        'a WebSocket without CONNECT': await webSocket(),
        'a WebSocket with a frame that does not end': await webSocket(frame(1, 'x'.repeat(1000)).subarray(0, 500)),
        'a WebSocket with a message that does not end': await webSocket(frame(1, '40', false)),
        'a WebSocket whose token is refused': await webSocket(frame(1, '40{"token":"x"}')),
      };
      await until(() => Object.values(slow).every(({ isClosed }) => isClosed), 14_000);
      const times = Object.entries(slow).map(([what, { closedAfterMs }]) => [what, closedAfterMs]);
      expect(times.filter(([, ms]) => Number(ms) > 12_500)).toEqual([]);
      const statuses = Object.entries(slow).map(([what, { text }]) => [what, text.match(/(?<=HTTP\/1\.1 )\d+/g)]);
      expect(Object.fromEntries(statuses)).toMatchObject({
        'a head': ['408'],
        'a long head': ['408'],
        'a head after a request': ['200', '408'],
        'the body of a hint': ['401'],
        'the body of a stream': ['401'],
        'a body that nobody reads': ['404'],
      });
      expect(slow['a head']?.text).toContain('the request line and headers were not complete within 10 s');
      expect((await fetch(`${gateway.url}${POLLING}&sid=${polled}`)).status).toBe(400);
      expect(await metric('unauthenticated_cut_total\\{[^}]*reason="slow"')).toBeGreaterThan(5);
      // A load balancer opens connections before it needs them.
      expect(idle.isClosed).toBe(false);
      idle.socket.write('GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n');
      await until(() => idle.text.startsWith('HTTP/1.1 200'));
    }, 25_000);
  });

  it('X7: ends at once when it sends more than a token needs', async () => {
    gateway = await RunningGateway.start();
    const beyond = 'x'.repeat(30_000);
    const placeholders = Array.from({ length: 10 }, (_, num) => ({ _placeholder: true, num }));
    const attachments = Array.from({ length: 9 }, () => frame(2, 'x'.repeat(120_000)));
    const binary = frame(1, `4510-${JSON.stringify(['subscribe', ...placeholders])}`);
    const large = {
      'a frame': await webSocket(frame(1, beyond).subarray(0, 25_000)),
      'many short fragments': await webSocket(
        frame(1, '4', false),
        ...Array.from({ length: 200 }, () => frame(0, 'x', false)),
      ),
      'many long fragments': await webSocket(frame(1, beyond, false), frame(0, beyond, false)),
      'pings without an end': await webSocket(...Array.from({ length: 300 }, () => frame(9, 'x'.repeat(100)))),
      'ten attachments': await webSocket(binary, ...attachments),
      'ten attachments after a token that is refused': await webSocket(
        frame(1, '40{"token":"x"}'),
        binary,
        ...attachments,
      ),
      'an event without CONNECT': await webSocket(frame(1, '42["subscribe",{}]')),
    };
    await until(
      () => Object.values(large).every(({ isClosed, text }) => isClosed || text.includes(REFUSED)),
      4000,
      () =>
        Object.keys(large)
          .filter((what) => !large[what as keyof typeof large].isClosed)
          .join(),
    );
    expect(large['an event without CONNECT'].text).toContain('the first packet of a client is CONNECT');
    const sid = await session();
    const answer = await fetch(`${gateway.url}${POLLING}&sid=${sid}`, { method: 'POST', body: `42["x","${beyond}"]` });
    expect(answer.status).toBe(413);
  });

  it('may have the longest token, in a WebSocket, a long poll and a head, and a client with a token may send more', async () => {
    gateway = await RunningGateway.start();
    const long = await token({ more: 'x'.repeat(11_900) });
    expect(long.length).toBeGreaterThan(16_000);
    const ids = Array.from({ length: 400 }, (_, number) => `A${String(number).padStart(60, '0')}`);
    const headers = { authorization: `Bearer ${long}` };
    for (const transports of [['websocket'], ['polling'], ['polling', 'websocket']]) {
      const socket = await gateway.connect({ token: long }, { transports });
      expect(await socket.emitWithAck('subscribe', { case_ids: ids })).toMatchObject({ ok: true });
      socket.disconnect();
    }
    const stream = await gateway.read(`/v1/events?case_ids=${ids.slice(0, 50).join(',')}`, headers);
    expect(stream.response.statusCode).toBe(200);
    const hint = await fetch(`${gateway.url}/v1/hints`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ case_ids: ids }),
    });
    expect(hint.status).toBe(403); // The token has no claim for hints.
    expect(await metric('unauthenticated_cut_total\\{[^}]*reason="large"')).toBe(0);
  });

  it('keeps a session that has shown its token while its transport changes and its polls wait', async () => {
    gateway = await RunningGateway.start({ MAX_UNAUTHENTICATED_CONNECTIONS: '3' });
    const polled = await gateway.connect({ token: await token() }, { transports: ['polling'] });
    const upgraded = await gateway.connect({ token: await token() }, { transports: ['polling', 'websocket'] });
    await until(() => upgraded.io.engine.transport.name === 'websocket');
    for (let count = 0; count < 6; count += 1) await raw();
    await new Promise((resolve) => setTimeout(resolve, 200));
    for (const socket of [polled, upgraded]) {
      expect(await socket.emitWithAck('subscribe', { case_ids: ['A1'] })).toMatchObject({ ok: true });
    }
  });

  it('X7: is ended when newer ones come beyond MAX_UNAUTHENTICATED_CONNECTIONS, the oldest first', async () => {
    gateway = await RunningGateway.start({ MAX_UNAUTHENTICATED_CONNECTIONS: '4' });
    const oldest = await raw('GET /v1/events?case_ids=A1');
    const silent = await webSocket();
    const stream = await gateway.read('/v1/events?case_ids=A1');
    const client = await gateway.connect({ token: await token() });
    const newest: RawConnection[] = [];
    for (let count = 0; count < 20; count += 1) newest.push(await raw('GET /v1/events?case_ids=A1'));
    await until(() => newest.filter(({ isClosed }) => isClosed).length === 16);
    expect([oldest.isClosed, silent.isClosed, newest.slice(-4).some(({ isClosed }) => isClosed)]).toEqual([
      true,
      true,
      false,
    ]);
    expect(oldest.text).toMatch(/^HTTP\/1\.1 503 [^]*retry-after: 2\r\n[^]*too many connections without a token/i);
    // A client with a token is served meanwhile, and stays connected.
    expect((await gateway.read('/v1/cases/A1/messages')).response.statusCode).toBe(200);
    await gateway.store.publish('A1', 'hello');
    await until(() => stream.has('message'));
    expect(await client.emitWithAck('subscribe', { case_ids: ['A1'] })).toMatchObject({ ok: true });
    expect(await metric('unauthenticated_cut_total\\{[^}]*reason="crowded"')).toBeGreaterThanOrEqual(18);
  });

  it('X7: is answered when it is ended while its token is checked', async () => {
    let asked = 0;
    const issuer = createServer(() => (asked += 1)).listen(0, '127.0.0.1'); // It never answers.
    await once(issuer, 'listening');
    const url = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/keys`;
    const settings = { AUTH_JWT_SECRET: '', AUTH_JWKS_URL: url, MAX_UNAUTHENTICATED_CONNECTIONS: '2' };
    gateway = await RunningGateway.start(settings);
    const head = Buffer.from(JSON.stringify({ alg: 'RS256', kid: 'unknown' })).toString('base64url');
    const request = `GET /v1/events?case_ids=A1&access_token=${head}.e30.AAAA HTTP/1.1\r\nHost: a\r\n\r\n`;
    try {
      const oldest = await raw(request);
      await until(() => asked > 0);
      await raw();
      await raw();
      await until(() => oldest.isClosed);
      expect(oldest.text).toMatch(/^HTTP\/1\.1 503 [^]*retry-after: 2\r\n[^]*too many connections without a token/i);
    } finally {
      issuer.closeAllConnections();
      issuer.close();
    }
  });

  it('X9: is refused with 429 and Retry-After where too many begin from one address, and other addresses are served', async () => {
    // Time stands still: on a slow machine a second would pass, in which another one may begin.
    jest.spyOn(Date, 'now').mockReturnValue(Date.now());
    gateway = await RunningGateway.start({ MAX_HANDSHAKES_PER_ADDRESS_PER_S: '1', TRUST_PROXY: 'loopback' });
    const from = (address: string) => ({ 'x-forwarded-for': address });
    const statuses = async (path: string, address: string) => (await gateway.read(path, from(address))).response;
    for (let count = 0; count < 21; count += 1) expect((await statuses(POLLING, '192.0.2.1')).statusCode).toBe(200);
    for (const path of [POLLING, '/v1/events?case_ids=A1']) {
      const { statusCode, headers } = await statuses(path, '192.0.2.1');
      expect([statusCode, headers['retry-after']]).toEqual([429, '2']);
    }
    const upgrade = await raw(UPGRADE.replace('Host: a', 'Host: a\r\nX-Forwarded-For: 192.0.2.1'));
    await until(() => upgrade.text.includes('}'));
    expect(upgrade.text).toMatch(
      /^HTTP\/1\.1 429 Too Many Requests\r\n[^]*retry-after: 2\r\n[^]*from one address may begin/,
    );
    // What begins no connection is served, and so is another address.
    expect((await statuses('/v1/cases/A1/messages', '192.0.2.1')).statusCode).toBe(200);
    expect((await statuses('/v1/events?case_ids=A1', '192.0.2.2')).statusCode).toBe(200);
    expect(await metric('refusals_total\\{[^}]*code="too_many"')).toBe(3);
  });

  it('X8: makes no answers that cannot leave, behind a long poll and behind a stream', async () => {
    gateway = await RunningGateway.start();
    const asked = `GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n`;
    const sid = await session();
    const poll = (id: string) => `GET ${POLLING}&sid=${id} HTTP/1.1\r\nHost: a\r\n\r\n`;
    const bearer = `Authorization: Bearer ${await token()}\r\n`;
    const stream = `GET /v1/events?case_ids=A1 HTTP/1.1\r\nHost: a\r\n${bearer}\r\n`;
    const made = jest.spyOn(ServerResponse.prototype, 'end');
    const behind = [await raw(poll(sid) + asked.repeat(16)), await raw(stream + asked.repeat(16))];
    await until(() => behind[1]?.text.includes('event: ready') === true);
    const finished = await raw(asked.repeat(5));
    await until(() => finished.text.match(/HTTP\/1\.1 200/g)?.length === 5);
    expect(made).toHaveBeenCalledTimes(5);
    made.mockRestore();
    // When the poll is answered, the others are served.
    await fetch(`${gateway.url}${POLLING}&sid=${sid}`, {
      method: 'POST',
      body: `40${JSON.stringify({ token: await token() })}`,
    });
    await until(() => behind[0]?.text.match(/HTTP\/1\.1 200/g)?.length === 17);
  });

  it('X8: leaves no session behind that was asked for behind a stream', async () => {
    gateway = await RunningGateway.start();
    const stream = `GET /v1/events?case_ids=A1&access_token=${await token()} HTTP/1.1\r\nHost: a\r\n\r\n`;
    const open = () => metric('connections\\{[^}]*transport="sse"');
    const connection = await raw(stream.repeat(4));
    await until(async () => (await open()) > 0);
    connection.socket.destroy();
    await until(async () => (await open()) === 0);
    // What waited has given back its place among the large bodies, too.
    const large = 'POST /v1/hints HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\n';
    for (let count = 0; count < 70; count += 1) (await raw(stream + large)).socket.destroy();
    const last = await raw(large);
    await until(() => last.text.startsWith('HTTP/1.1 401'));
  });

  it('X8: may have so many bytes of heads behind the request that is answered', async () => {
    gateway = await RunningGateway.start();
    const sid = await session();
    const long = `GET /health/live HTTP/1.1\r\nHost: a\r\nX-A: ${'x'.repeat(15_000)}\r\n\r\n`;
    const connection = await raw(`GET ${POLLING}&sid=${sid} HTTP/1.1\r\nHost: a\r\n\r\n${long.repeat(3)}`);
    await fetch(`${gateway.url}${POLLING}&sid=${sid}`, {
      method: 'POST',
      body: `40${JSON.stringify({ token: await token() })}`,
    });
    await until(() => connection.isClosed);
    expect(connection.text.match(/(?<=HTTP\/1\.1 )\d+/g)).toEqual(['200', '200', '200', '429']);
  });

  it.each(['__proto__', 'constructor', 'toString'])(
    'X7: is counted also if it names the session %s, which every object has',
    async (sid) => {
      gateway = await RunningGateway.start({ MAX_UNAUTHENTICATED_CONNECTIONS: '4' });
      const post = `POST ${POLLING}&sid=${sid} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n`;
      const many: RawConnection[] = [];
      for (let count = 0; count < 20; count += 1) many.push(await raw(post));
      await until(() => many.filter(({ isClosed }) => isClosed).length === 16);
      await until(() => many.at(-1)?.text.startsWith('HTTP/1.1 400 '));
    },
  );

  it('X7: is refused at once when its request line and headers are longer than a token needs', async () => {
    gateway = await RunningGateway.start();
    const long = 'x'.repeat(30_000);
    for (const head of [
      `GET /v1/events?case_ids=${long}`,
      `GET /v1/events?case_ids=A1 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${long}`,
      `GET /v1/events?case_ids=A1 HTTP/1.1\r\nHost: a\r\n${`X-A: ${'x'.repeat(1000)}\r\n`.repeat(30)}`,
    ]) {
      const connection = await raw(head);
      await until(() => connection.isClosed, 4000);
      expect(connection.text).toMatch(
        /^HTTP\/1\.1 431 [^]*may have 20480 bytes[^]*POST \/v1\/events takes many case_ids/,
      );
    }
  });
});
