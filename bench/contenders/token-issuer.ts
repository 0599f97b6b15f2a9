import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK } from 'jose';

/** Publishes the keys of tokens that it lets others sign, as an identity provider does. */
export class TokenIssuer {
  private constructor(
    private readonly server: Server,
    /** The private key, for the program that makes tokens. */
    readonly key: JWK,
  ) {}

  /** With one RS256 key of 2,048 bits: what most identity providers have. */
  static async start(): Promise<TokenIssuer> {
    const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
    const named = { kid: 'bench', alg: 'RS256' };
    const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), ...named, use: 'sig' }] });
    const server = createServer((_request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(keys);
    });
    server.listen(0, '127.0.0.1').unref();
    await once(server, 'listening');
    return new TokenIssuer(server, { ...(await exportJWK(privateKey)), ...named });
  }

  /** `AUTH_JWKS_URL` */
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/keys`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}
