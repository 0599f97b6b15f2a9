import { Agent, get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { RunningGateway, token } from '../../test/running-gateway.js';
import { until } from '../../../../test/harness/until.js';

/** Some of them wait for seconds, so these run at once. */
describe('connections to a gateway', () => {
  const gateways: RunningGateway[] = [];
  const agents: Agent[] = [];
  afterAll(async () => {
    agents.forEach((agent) => agent.destroy());
    await Promise.all(gateways.map((gateway) => gateway.stop()));
  });

  /** A gateway, and a client that keeps one connection to it. */
  async function start(env: Record<string, string> = {}) {
    const gateway = await RunningGateway.start(env);
    gateways.push(gateway);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    agents.push(agent);
    return { gateway, agent, exchange: (path: string) => exchange(gateway, agent, path) };
  }

  /** One exchange on a connection that is kept. @returns the port at the client's end, by which connections differ */
  async function exchange(
    gateway: RunningGateway,
    agent: Agent,
    path: string,
  ): Promise<{ port: number | undefined; response: IncomingMessage; text: string }> {
    const headers = { authorization: `Bearer ${await token()}` };
    return new Promise((resolve, reject) => {
      get(`${gateway.url}${path}`, { agent, headers }, (response) => {
        const port = response.socket.localPort;
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response.on('end', () => resolve({ port, response, text }));
      }).on('error', reject);
    });
  }

  it('are kept longer than load balancers keep theirs (60 s), and an unfinished request is not', async () => {
    const { gateway, exchange } = await start();
    const { response } = await exchange('/health/live');
    expect(response.headers['keep-alive']).toBe('timeout=75');
    const { keepAliveTimeout, headersTimeout, requestTimeout } = gateway.server;
    expect([keepAliveTimeout, headersTimeout, requestTimeout]).toEqual([75_000, 10_000, 10_000]);
  });

  it.concurrent('are kept as long as HTTP_KEEP_ALIVE_MS says', async () => {
    const { gateway } = await start({ HTTP_KEEP_ALIVE_MS: '1500' });
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
    let text = '';
    let endedAt = Infinity;
    socket.setEncoding('utf8').on('data', (part: string) => (text += part));
    socket.on('end', () => (endedAt = performance.now()));
    // Without a token, as a probe asks.
    const answered = async (times: number) => {
      socket.write('GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n');
      await until(() => text.split('HTTP/1.1 200').length === 1 + times);
    };
    await answered(1);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const askedAt = performance.now();
    await answered(2);
    await until(() => endedAt < Infinity);
    // Not Node's own 5 s.
    expect(endedAt - askedAt).toBeGreaterThan(1400);
    expect(endedAt - askedAt).toBeLessThan(4000);
  });

  it('X5: are answered if a later request is too long, too', async () => {
    const { exchange } = await start();
    const first = await exchange('/health/live');
    const { port, response, text } = await exchange(`/v1/events?case_ids=${'x'.repeat(300_000)}`);
    expect([port, response.statusCode, JSON.parse(text).code]).toEqual([first.port, 431, 'headers_too_large']);
  });

  it.concurrent('say of an unknown method that it is one, and what to do instead of QUERY', async () => {
    const { gateway } = await start();
    const socket = connect({ port: Number(new URL(gateway.url).port), host: '127.0.0.1', allowHalfOpen: true });
    let text = '';
    socket.setEncoding('utf8').on('data', (part: string) => (text += part));
    socket.write('FETCH /v1/events HTTP/1.1\r\nHost: a\r\n\r\n');
    await until(() => text.includes('}'));
    expect(text).toMatch(/^HTTP\/1\.1 400 [^]*begins with no method that is known here [^]*POST does the same/);
    // A client that neither closes nor stops to send is not waited for without end.
    let isClosed = false;
    socket.on('error', () => undefined).once('close', () => (isClosed = true));
    const sending = setInterval(() => socket.write('x'), 100);
    await new Promise((resolve) => setTimeout(resolve, 2000));
    await until(() => isClosed);
    clearInterval(sending);
  });

  it.concurrent('end with their stream', async () => {
    const { gateway, agent } = await start();
    const headers = { authorization: `Bearer ${await token({}, 2)}` };
    const response = await new Promise<IncomingMessage>((resolve) => {
      get(`${gateway.url}/v1/events?case_ids=A1`, { agent, headers }, resolve);
    });
    let isClosed = false;
    response.socket.on('close', () => (isClosed = true));
    expect(response.headers.connection).toBe('close');
    let text = '';
    response.setEncoding('utf8').on('data', (part: string) => (text += part));
    await until(() => isClosed);
    expect(text).toContain('event: closing');
  });

  it('of a gateway that drains are not kept', async () => {
    const { gateway, exchange } = await start({ DRAIN_MS: '1500' });
    const before = await exchange('/health/live');
    const stream = await gateway.read('/v1/events?case_ids=A1'); // With a client, the gateway does not end at once.
    await until(() => stream.has('ready'));
    const stopped = gateway.program.stop();
    // A request that is on its way is answered. The next one has to use another gateway.
    const after = await exchange('/v1/cases/A1/messages');
    expect([after.port, after.response.headers.connection]).toEqual([before.port, 'close']);
    const next = await exchange('/socket.io/?EIO=4&transport=polling');
    expect(next.port).not.toBe(before.port);
    expect(next.response.headers.connection).toBe('close');
    await stopped;
  });
});
