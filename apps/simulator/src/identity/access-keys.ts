import { timingSafeEqual } from 'node:crypto';
import { type IncomingHttpHeaders } from 'node:http';
import { type ApiError, wrongIdentity } from '../api-error.js';
import { type Clock } from '../clock.js';
import { type KeyPair } from '../settings.js';
import { ALGORITHM, signatureOf, type UnsignedRequest, type ValueOrder } from './signature.js';

const AUTHORIZATION = new RegExp(`^${ALGORITHM} Access=([^,]+), *SignedHeaders=([^,]+), *Signature=([0-9a-f]{64})$`);
const SDK_DATE = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;
/** The API gateway refuses a request whose date differs from its own clock by more than this. */
const MAX_SKEW_MS = 15 * 60_000;
/** More consecutive failures than this lock the key. */
const MAX_FAILURES = 5;
const LOCK_MS = 5 * 60_000;

/** The documentation does not say in which order repeated parameters are signed, so a signature must be right in both. */
const ORDERS: readonly ValueOrder[] = ['sorted', 'as_sent'];

/** Checks requests that are signed with an access key. */
export class AccessKeys {
  private failures = 0;
  private lockedUntil = 0;

  constructor(
    private readonly keyPair: KeyPair | undefined,
    private readonly clock: Clock,
  ) {}

  static isSigned(authorization: string | undefined): authorization is string {
    return authorization?.startsWith(ALGORITHM) ?? false;
  }

  refusal(request: UnsignedRequest, authorization: string): ApiError | undefined {
    const now = this.clock.now();
    if (now < this.lockedUntil) return wrongIdentity('AK access failed to reach the limit,forbidden');
    const fault = this.fault(request, authorization, now);
    this.failures = fault === undefined ? 0 : this.failures + 1;
    if (this.failures > MAX_FAILURES) {
      this.lockedUntil = now + LOCK_MS;
      this.failures = 0;
    }
    return fault === undefined ? undefined : wrongIdentity(fault);
  }

  reset(): void {
    this.failures = 0;
    this.lockedUntil = 0;
  }

  private fault(request: UnsignedRequest, authorization: string, now: number): string | undefined {
    const [, accessKey, signedHeaders, signature] = AUTHORIZATION.exec(authorization) ?? [];
    if (!accessKey || !signedHeaders || !signature) return 'Authorization format incorrect';
    if (accessKey !== this.keyPair?.accessKey) return 'Get secretKey failed,err:ak not exist';
    const names = signedHeaders.split(';');
    if (!names.includes('x-sdk-date')) return 'x-sdk-date is not signed';
    const date = sdkDate(request.headers['x-sdk-date']);
    if (date === undefined) return 'x-sdk-date format incorrect';
    if (Math.abs(now - date) > MAX_SKEW_MS) return 'calc ak sk signature fail:signature expired';
    const unlike = missingHeader(request.headers, names, this.keyPair);
    if (unlike) return unlike;
    for (const order of ORDERS) {
      const expected = signatureOf(request, names, this.keyPair.secretKey, order);
      if (!timingSafeEqual(Buffer.from(expected), Buffer.from(signature))) {
        return `verify aksk signature fail (values of repeated parameters ${order})`;
      }
    }
    return undefined;
  }
}

/** The first problem of the headers that belong to the key. A header that is sent must be signed. */
function missingHeader(headers: IncomingHttpHeaders, signed: readonly string[], key: KeyPair): string | undefined {
  const wanted = [
    ['x-security-token', key.securityToken],
    ['x-domain-id', key.domainId],
    ['x-project-id', key.projectId],
  ] as const;
  for (const [name, value] of wanted) {
    if (headers[name] !== undefined && !signed.includes(name)) return `${name} is not signed`;
    if (value !== undefined && headers[name] !== value) return `${name} is wrong`;
  }
  return undefined;
}

/** The instant of `20191115T033655Z`, ms since the epoch. */
function sdkDate(header: string | string[] | undefined): number | undefined {
  const parts = SDK_DATE.exec(String(header));
  if (!parts) return undefined;
  const [year, month, day, hour, minute, second] = parts.slice(1).map(Number) as [number, ...number[]];
  return Date.UTC(year, (month ?? 1) - 1, day, hour, minute, second);
}
