import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { HttpOrigin, type ProxySettings } from '#osm';

import { freePort } from './harness/processes/ports.js';
import { ForwardProxy } from './harness/upstream/forward-proxy.js';

const LIMITS = { timeoutMs: 2000, maxBodyBytes: 10_000, connections: 2 };
const NO_PROXIES: ProxySettings = { httpProxy: '', httpsProxy: '', noProxy: '' };
const GET = { method: 'GET', path: '/a?b=c', headers: { 'x-auth-token': 't' } } as const;

/** In many companies, programs can reach other networks only through a proxy. */
describe('requests through a proxy', () => {
  let server: Server;
  let port: number;
  let proxy: ForwardProxy;
  let inFlight = 0;
  let mostInFlight = 0;
  const heard: Pick<IncomingMessage, 'url' | 'headers'>[] = [];

  beforeEach(async () => {
    heard.length = 0;
    mostInFlight = 0;
    server = createServer((request, response) => {
      heard.push({ url: request.url, headers: request.headers });
      inFlight += 1;
      mostInFlight = Math.max(mostInFlight, inFlight);
      setTimeout(() => {
        inFlight -= 1;
        response.end('fine');
      }, 20);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ({ port } = server.address() as AddressInfo);
    proxy = await ForwardProxy.start('us@er:pa:ss');
  });
  afterEach(async () => {
    await proxy.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  async function send(proxies: Partial<ProxySettings>, baseUrl = `http://127.0.0.1:${port}`): Promise<unknown> {
    const origin = new HttpOrigin(baseUrl, LIMITS, { ...NO_PROXIES, ...proxies });
    const answer = await origin.send(GET).catch((error: unknown) => error);
    await origin.close();
    return answer;
  }

  it('that requires credentials gets them unchanged', async () => {
    expect(await send({ httpProxy: proxy.url('us%40er:pa%3Ass') })).toMatchObject({ status: 200 });
    expect(proxy.seen).toEqual([{ method: 'GET', target: `http://127.0.0.1:${port}/a?b=c` }]);
    expect(heard).toEqual([{ url: '/a?b=c', headers: expect.objectContaining({ 'x-auth-token': 't' }) }]);
    expect(heard[0]?.headers.host).toBe(`127.0.0.1:${port}`);
    expect(heard[0]?.headers['proxy-authorization']).toBeUndefined();
  });

  it('have no more connections than requests without one', async () => {
    const origin = new HttpOrigin(`http://127.0.0.1:${port}`, LIMITS, {
      ...NO_PROXIES,
      httpProxy: proxy.url('us%40er:pa%3Ass'),
    });
    await Promise.all(Array.from({ length: 10 }, () => origin.send(GET)));
    await origin.close();
    expect(mostInFlight).toBe(LIMITS.connections);
  });

  it.each([
    ['http', 'us%40er:wrong'],
    ['http', ''],
    ['https', 'us%40er:wrong'],
  ])('that are not let through say so, and no secret: %s, %j', async (scheme, credentials) => {
    const url = proxy.url(credentials);
    const failure = await send({ httpProxy: url, httpsProxy: url }, `${scheme}://127.0.0.1:${port}`);
    expect(failure).toMatchObject({ name: 'UpstreamFailure', code: 'unavailable', message: 'the proxy answered 407' });
    expect(heard).toEqual([]);
  });

  it('go through a tunnel if they are HTTPS', async () => {
    const url = proxy.url('us%40er:pa%3Ass');
    expect(await send({ httpsProxy: url }, `https://127.0.0.1:${port}`)).toMatchObject({ code: 'unavailable' }); // The server does not speak TLS.
    expect(proxy.seen).toEqual([{ method: 'CONNECT', target: `127.0.0.1:${port}` }]);
  });

  it('are not made by the proxy of the other scheme, nor for hosts that NO_PROXY names', async () => {
    const url = proxy.url('us%40er:pa%3Ass');
    expect(await send({ httpsProxy: url })).toMatchObject({ status: 200 });
    for (const noProxy of ['*', 'example.com,127.0.0.1', `127.0.0.1:${port}`]) {
      expect(await send({ httpProxy: url, noProxy })).toMatchObject({ status: 200 });
    }
    expect(proxy.seen).toEqual([]);
    expect(await send({ httpProxy: url, noProxy: 'example.com,127.0.0.1:1' })).toMatchObject({ status: 200 });
    expect(proxy.seen).toHaveLength(1);
  });

  it('ignore the environment, which is read in one place only', async () => {
    process.env['HTTP_PROXY'] = process.env['http_proxy'] = proxy.url();
    try {
      expect(await send({})).toMatchObject({ status: 200 });
      expect(await send({ httpProxy: proxy.url('us%40er:pa%3Ass'), noProxy: '*' })).toMatchObject({ status: 200 });
    } finally {
      delete process.env['HTTP_PROXY'];
      delete process.env['http_proxy'];
    }
    expect(proxy.seen).toEqual([]);
  });

  it('fail within their timeout if the proxy is out of reach or silent', async () => {
    expect(await send({ httpProxy: `http://127.0.0.1:${await freePort()}` })).toMatchObject({
      code: 'unavailable',
      message: 'ECONNREFUSED from the network',
    });
    server.removeAllListeners('request');
    const began = performance.now();
    expect(await send({ httpProxy: proxy.url('us%40er:pa%3Ass') })).toMatchObject({ code: 'timeout' });
    expect(performance.now() - began).toBeLessThan(2 * LIMITS.timeoutMs);
  });
});
