import { createHash, createHmac } from 'node:crypto';
import type { Clock, UpstreamFailure } from '#core';
import type { AuthHeaders, Authenticator, RequestLine } from './authenticator.js';
import type { GuardedAttempts } from './guarded-attempts.js';
import { percentEncode } from './percent-encode.js';

export const ALGORITHM = 'SDK-HMAC-SHA256';

/**
 * How the values of one repeated parameter go into the signature. The guide does not say, and the official SDKs differ:
 * Python, Node and Go sort them, Java takes them as they are sent.
 */
export type ValueOrder = 'sorted' | 'as_sent';

/** Digest of an empty body: no signed request has a body. */
const EMPTY_BODY_SHA256 = sha256('');

export interface AccessKey {
  readonly accessKey: string;
  readonly secretKey: string;
  /** The token of a temporary key; empty: the key is permanent. */
  readonly securityToken: string;
  /** Id of the account. The official SDKs send and sign it for global services; empty: not sent. */
  readonly domainId: string;
  /** Id of the project; empty: not sent. */
  readonly projectId: string;
}

/**
 * The headers of a signed request, as Huawei's "API Request Signing Guide" describes. It is like AWS's signature
 * version 4, but the secret key signs directly, and the signed path ends with a slash.
 *
 * @param now milliseconds since 1970
 */
export function signedHeaders(key: AccessKey, request: RequestLine, now: number): AuthHeaders {
  const date = new Date(now).toISOString().replace(/[-:]|\.\d+/g, '');
  const sent = { ...headersOf(key), 'x-sdk-date': date };
  const signed = { ...sent, host: request.host };
  const signature = signatureOf(canonicalRequest(request, signed), date, key.secretKey);
  const names = Object.keys(signed).sort().join(';');
  return {
    ...sent,
    authorization: `${ALGORITHM} Access=${key.accessKey}, SignedHeaders=${names}, Signature=${signature}`,
  };
}

/** The headers of the key itself, which every request has. */
function headersOf({ securityToken, domainId, projectId }: AccessKey): AuthHeaders {
  const named = { 'x-security-token': securityToken, 'x-domain-id': domainId, 'x-project-id': projectId };
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== ''));
}

/** The request that tries the key. */
interface Trial {
  readonly headers: AuthHeaders;
  readonly settle: (failure: UpstreamFailure | null) => void;
}

/**
 * Signs requests with an access key (AK/SK). More than five refused signatures in a row lock the key for five minutes, for
 * everybody who uses it. So until one signature was accepted, one request at a time tries the key, within the attempts that
 * the deployment has left. The other requests wait for its end.
 */
export class RequestSigner implements Authenticator {
  private isProven = false;
  private proof: Promise<void> | null = null;
  private trial: Trial | null = null;

  constructor(
    private readonly key: AccessKey,
    private readonly clock: Clock,
    private readonly guard: GuardedAttempts,
  ) {}

  headers(request: RequestLine): AuthHeaders | Promise<AuthHeaders> {
    if (this.isProven) {
      return this.signed(request);
    }
    return this.proof === null ? this.tried(request) : this.proof.then(() => this.signed(request));
  }

  /** Another signature with the same key would be refused, too. */
  settled(headers: AuthHeaders, failure: UpstreamFailure | null): boolean {
    if (this.trial?.headers === headers) {
      this.trial.settle(failure);
    } else if (failure?.code === 'unauthorized') {
      this.isProven = false;
    }
    return false;
  }

  private tried(request: RequestLine): Promise<AuthHeaders> {
    return new Promise((resolve, reject) => {
      const attempt = () =>
        new Promise<void>((accepted, failed) => {
          const headers = this.signed(request);
          this.trial = { headers, settle: (failure) => this.end(failure, accepted, failed) };
          resolve(headers);
        });
      this.proof = this.guard.run(attempt).finally(() => (this.proof = null));
      this.proof.catch(reject); // If the attempt may not be made. After `resolve` this has no effect.
    });
  }

  /** The requests that wait for the trial fail as it does, because the upstream would answer them in the same way. */
  private end(failure: UpstreamFailure | null, accepted: () => void, failed: (failure: UpstreamFailure) => void): void {
    this.trial = null;
    // The upstream checks the signature before it checks tickets and parameters.
    if (failure === null || failure.code === 'refused' || failure.code === 'doubted') {
      this.isProven = true;
      accepted();
    } else {
      failed(failure);
    }
  }

  private signed(request: RequestLine): AuthHeaders {
    return signedHeaders(this.key, request, this.clock.now());
  }
}

/** The canonical form of a request, which both sides derive and hash. @param headers names in lower case */
export function canonicalRequest(
  request: { readonly method: string; readonly path: string },
  headers: AuthHeaders,
  order: ValueOrder = 'sorted',
): string {
  const [path = '', query = ''] = request.path.split('?', 2);
  const names = Object.keys(headers).sort();
  return [
    request.method,
    path.endsWith('/') ? path : `${path}/`,
    canonicalQuery(query, order),
    ...names.map((name) => `${name}:${headers[name]?.trim() ?? ''}`),
    '',
    names.join(';'),
    EMPTY_BODY_SHA256,
  ].join('\n');
}

/** @param date the value of the header `x-sdk-date`: `20191115T033655Z` */
export function signatureOf(canonical: string, date: string, secretKey: string): string {
  const toSign = `${ALGORITHM}\n${date}\n${sha256(canonical)}`;
  return createHmac('sha256', secretKey).update(toSign).digest('hex');
}

/**
 * Sorts parameters by name, then by value. Both are decoded first, because the official SDKs sort before they encode.
 */
function canonicalQuery(query: string, order: ValueOrder): string {
  const parameters = query
    .split('&')
    .filter(Boolean)
    .map((parameter) => {
      const [name = '', value = ''] = parameter.split('=', 2).map(decodeURIComponent);
      return { name, value };
    });
  const byValue = order === 'sorted' ? compare : () => 0;
  parameters.sort((a, b) => compare(a.name, b.name) || byValue(a.value, b.value));
  return parameters.map(({ name, value }) => `${percentEncode(name)}=${percentEncode(value)}`).join('&');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
