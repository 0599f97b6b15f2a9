import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { exportJWK, generateKeyPair, SignJWT, type JWTPayload, type KeyLike } from 'jose';

import { useDeployment } from './fixtures/use-deployment.js';
import { exchange } from './harness/clients/exchange.js';
import { SocketClient } from './harness/clients/socket-client.js';
import { tokenFor } from './harness/clients/tokens.js';

const ALGORITHMS = ['RS256', 'ES256', 'EdDSA'];
const CLAIMS = { sub: 'tester', cases: ['*'], iss: 'https://login.example', aud: 'pollcast' };

/** An identity provider signs the tokens. The gateway gets the public keys from an address. */
describe('a gateway that verifies tokens by published keys', () => {
  const privateKeys = new Map<string, KeyLike>();
  const published: object[] = [];
  let keys: Server;

  beforeAll(async () => {
    for (const alg of ALGORITHMS) {
      const { publicKey, privateKey } = await generateKeyPair(alg);
      privateKeys.set(alg, privateKey);
      published.push({ ...(await exportJWK(publicKey)), alg, kid: alg });
    }
    keys = createServer((_, response) => response.end(JSON.stringify({ keys: published }))).listen(0, '127.0.0.1');
    await once(keys, 'listening');
  });
  afterAll(() => void keys.close());

  const deployment = useDeployment({
    settings: () => ({
      AUTH_JWT_SECRET: '',
      AUTH_JWKS_URL: `http://127.0.0.1:${(keys.address() as AddressInfo).port}/keys`,
      AUTH_JWT_ISSUER: CLAIMS.iss,
      AUTH_JWT_AUDIENCE: CLAIMS.aud,
    }),
  });

  const sign = (alg: string, claims: JWTPayload = {}, key = privateKeys.get(alg)) =>
    new SignJWT({ ...CLAIMS, exp: Math.floor(Date.now() / 1000) + 60, ...claims })
      .setProtectedHeader({ alg, kid: alg })
      .sign(key ?? new Uint8Array());
  const statusOf = async (token: string) => {
    const headers = { authorization: `Bearer ${token}` };
    return (await exchange(`${deployment.gateway().url}/v1/cases/T1/messages`, { headers })).status;
  };

  it.each(ALGORITHMS)('A2: accepts %s, over HTTP and over Socket.IO', async (alg) => {
    const token = await sign(alg);
    expect(await statusOf(token)).toBe(200);
    const client = new SocketClient({ token, caseIds: [] });
    await client.connect(deployment.gateway().url);
    client.close();
  });

  it('A2: refuses other keys and secrets, a wrong issuer or audience, and a token that is not valid yet', async () => {
    const now = Math.floor(Date.now() / 1000);
    const { privateKey } = await generateKeyPair('ES256');
    const refused = {
      'a key that is not published': await sign('ES256', {}, privateKey),
      'a public key as a secret': await tokenFor({ ...CLAIMS, secret: JSON.stringify(published[0]) }),
      'another issuer': await sign('ES256', { iss: 'https://other.example' }),
      'no issuer': await sign('ES256', { iss: undefined }),
      'another audience': await sign('ES256', { aud: 'other' }),
      'no audience': await sign('ES256', { aud: undefined }),
      'nbf further ahead than clocks may differ': await sign('ES256', { nbf: now + 50 }),
      'exp a second ago': await sign('ES256', { exp: now - 1 }),
    };
    for (const [what, token] of Object.entries(refused)) expect([what, await statusOf(token)]).toEqual([what, 401]);
    expect(await statusOf(await sign('ES256', { nbf: now + 10, iat: now + 1000 }))).toBe(200);
  });
});
