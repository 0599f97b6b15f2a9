import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';

import { exportJWK, generateKeyPair, SignJWT, type KeyLike } from 'jose';

import { clientOf } from './harness/clients/clients.js';
import { expectEverything } from './fixtures/expect-everything.js';
import { useDeployment } from './fixtures/use-deployment.js';
import { CONFIDENTIAL, PROXY_PASSWORD } from './harness/log-faults.js';
import { certificate } from './harness/upstream/certificate.js';
import { ForwardProxy } from './harness/upstream/forward-proxy.js';
import { freshTickets } from './harness/upstream/traffic.js';

const DAY_MS = 86_400_000;

const portOf = (server: { address(): unknown }) => (server.address() as AddressInfo).port;
const listening = (server: Server | ReturnType<typeof createTlsServer>) =>
  new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));

/** An upstream with TLS, its IAM and an identity provider. They are reachable through the proxy only. */
describe('a deployment behind a proxy that requires a password', () => {
  let proxy: ForwardProxy;
  let keyServer: Server;
  let privateKey: KeyLike;
  let upstreamUrl = '';
  const folder = mkdtempSync(join(tmpdir(), 'pollcast-proxy-'));
  const made = certificate(new Date(Date.now() - DAY_MS), new Date(Date.now() + DAY_MS));
  const tls = createTlsServer(made, (socket) => {
    const upstream = connect(Number(new URL(upstreamUrl).port), '127.0.0.1');
    socket.pipe(upstream).pipe(socket);
    [socket, upstream].forEach((each) => each.on('error', () => [socket, upstream].forEach((one) => one.destroy())));
  });

  beforeAll(async () => {
    const pair = await generateKeyPair('RS256');
    privateKey = pair.privateKey;
    const keys = [{ ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'RS256' }];
    keyServer = createHttpServer((_, response) => response.end(JSON.stringify({ keys })));
    await Promise.all([listening(keyServer), listening(tls)]);
    proxy = await ForwardProxy.start(`company:${PROXY_PASSWORD}`);
    writeFileSync(join(folder, 'ca.pem'), made.cert);
  });
  afterAll(async () => {
    await proxy.close();
    [keyServer, tls].forEach((server) => server.close());
    rmSync(folder, { recursive: true });
  });

  const deployment = useDeployment({
    settings: (upstream) => {
      upstreamUrl = upstream;
      const url = proxy.url(`company:${encodeURIComponent(PROXY_PASSWORD)}`);
      return {
        HTTPS_PROXY: url,
        http_proxy: url,
        NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'),
        UPSTREAM_BASE_URL: `https://127.0.0.1:${portOf(tls)}`,
        UPSTREAM_AUTH: 'iam',
        IAM_BASE_URL: upstream,
        IAM_USERNAME: 'demo',
        IAM_PASSWORD: 'demo',
        IAM_DOMAIN: 'demo',
        AUTH_JWT_SECRET: '',
        AUTH_JWKS_URL: `http://127.0.0.1:${portOf(keyServer)}/keys?set=1`,
      };
    },
  });

  it('polls, logs in and fetches keys through it', async () => {
    const { upstream } = deployment;
    const token = await new SignJWT({ sub: 'tester', cases: ['*'] })
      .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
      .setExpirationTime('1h')
      .sign(privateKey);
    const caseIds = freshTickets(3);
    const clients = (['sse', 'websocket'] as const).map((transport) => clientOf(transport, { token, caseIds }));
    await Promise.all(clients.map((client) => client.open(deployment.gateway().url)));
    await upstream.post(...caseIds.map((case_id) => ({ case_id, content: `${CONFIDENTIAL} of ${case_id}` })));
    await expectEverything(upstream, clients);
    clients.forEach((client) => client.close());
    const seen = new Set(proxy.seen.map(({ method, target }) => `${method} ${target}`));
    expect(seen).toEqual(
      new Set([
        `CONNECT 127.0.0.1:${portOf(tls)}`,
        `POST ${upstreamUrl}/v3/auth/tokens`,
        `GET http://127.0.0.1:${portOf(keyServer)}/keys?set=1`,
      ]),
    );
    // One tunnel carries many polls.
    expect(proxy.seen.length).toBeLessThan((await upstream.counters()).requests + 2);
  });
});
