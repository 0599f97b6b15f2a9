import { importJWK, SignJWT, type JWK } from 'jose';
import { JWT_SECRET } from '../../test/harness/clients/tokens.js';

/** Lifetime of the clients' tokens, seconds: longer than any benchmark. */
const TOKEN_S = 7200;

/** Which tokens clients have. Each is for one ticket. */
export interface TokenPlan {
  /** The server that reads them: each has claims of its own. */
  readonly reader: 'pollcast' | 'centrifugo' | 'mercure';
  /** The private key that signs them; absent: the shared secret does. */
  readonly key?: JWK;
}

export const SECRET_TOKENS: TokenPlan = { reader: 'pollcast' };

/** Makes the token of each client. */
export async function tokenMaker({
  reader,
  key,
}: TokenPlan): Promise<(client: number, ticket: string) => Promise<string>> {
  const signer = key ? await importJWK(key) : new TextEncoder().encode(JWT_SECRET);
  const header = key ? { alg: key.alg ?? 'RS256', kid: key.kid ?? '', typ: 'JWT' } : { alg: 'HS256', typ: 'JWT' };
  const exp = Math.ceil(Date.now() / 1000) + TOKEN_S;
  const claims = {
    pollcast: (ticket: string) => ({ cases: [ticket] }),
    centrifugo: (ticket: string) => ({ channels: [ticket] }),
    mercure: (ticket: string) => ({ mercure: { subscribe: [ticket] } }),
  }[reader];
  return (client, ticket) =>
    new SignJWT({ sub: `s${client}`, exp, ...claims(ticket) }).setProtectedHeader(header).setIssuedAt().sign(signer);
}
