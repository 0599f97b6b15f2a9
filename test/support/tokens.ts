import { SignJWT } from 'jose';

/** The deployment's `AUTH_JWT_SECRET`. Nobody may find it in a log line. */
export const JWT_SECRET = 'e2e-secret-that-no-log-line-may-hold';

export interface Claims {
  readonly sub?: string;
  readonly cases?: unknown;
  readonly groups?: unknown;
  /** Whether hints may be given. */
  readonly hints?: boolean;
  /** From now on; below 0: has expired. */
  readonly expiresInS?: number;
  readonly secret?: string;
  readonly alg?: string;
  readonly issuer?: string;
  readonly audience?: string;
}

/** An HS256 JWT, by default for everything and for an hour. */
export function tokenFor(claims: Claims = {}): Promise<string> {
  const {
    sub = 'tester',
    cases = ['*'],
    groups = ['*'],
    expiresInS = 3600,
    secret = JWT_SECRET,
    alg = 'HS256',
  } = claims;
  const token = new SignJWT({ cases, groups, ...(claims.hints !== undefined && { hints: claims.hints }) })
    .setProtectedHeader({ alg, typ: 'JWT' })
    .setSubject(sub)
    .setIssuedAt()
    .setExpirationTime(Math.floor(Date.now() / 1000) + expiresInS);
  if (claims.issuer !== undefined) token.setIssuer(claims.issuer);
  if (claims.audience !== undefined) token.setAudience(claims.audience);
  return token.sign(new TextEncoder().encode(secret));
}

/** A token that says of itself that it needs no signature. */
export function unsignedToken(): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = Math.floor(Date.now() / 1000) + 3600;
  return `${part({ alg: 'none', typ: 'JWT' })}.${part({ sub: 'nobody', cases: ['*'], exp })}.`;
}
