import { SignJWT } from 'jose';

/** `AUTH_JWT_SECRET` of the deployments that tests and benches start. It may not appear in a log line. */
export const JWT_SECRET = 'e2e-secret-that-no-log-line-may-hold';

export interface TokenOptions {
  /**
   * Seconds from now for which it is valid, up to one second more; negative: it has expired. The default is an hour.
   */
  readonly expiresInS?: number;
  readonly secret?: string;
  /** An HMAC algorithm; HS256 unless given. */
  readonly alg?: string;
  /** When it was issued, seconds since 1970; now unless given. */
  readonly iat?: number;
  /** Further claims. A claim that is undefined is left out. */
  readonly [claim: string]: unknown;
}

/** A JWT with a shared secret. Its subject is `tester` and it allows every ticket of every group, unless told otherwise. */
export function tokenFor(options: TokenOptions = {}): Promise<string> {
  const { expiresInS = 3600, secret = JWT_SECRET, alg = 'HS256', iat, ...claims } = options;
  // `exp` is in whole seconds: rounded down, a token for one second could be expired when it is sent.
  const exp = Math.ceil(Date.now() / 1000) + expiresInS;
  return new SignJWT({ sub: 'tester', cases: ['*'], groups: ['*'], exp, ...claims })
    .setProtectedHeader({ alg, typ: 'JWT' })
    .setIssuedAt(iat)
    .sign(new TextEncoder().encode(secret));
}

/** A token whose header says that it has no signature (`alg: none`). */
export function unsignedToken(): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = Math.floor(Date.now() / 1000) + 3600;
  return `${part({ alg: 'none', typ: 'JWT' })}.${part({ sub: 'nobody', cases: ['*'], exp })}.`;
}
