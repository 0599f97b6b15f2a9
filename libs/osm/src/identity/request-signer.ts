import { createHash, createHmac } from 'node:crypto';
import type { Clock } from '#core';
import type { AuthHeaders, Authenticator, RequestLine } from './authenticator.js';
import { percentEncode } from './percent-encode.js';

const ALGORITHM = 'SDK-HMAC-SHA256';

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
 * Signs requests with an access key (AK/SK), as Huawei's "API Request Signing Guide" describes. It is like AWS's
 * signature version 4, but the secret key signs directly, and the signed path ends with a slash.
 */
export class RequestSigner implements Authenticator {
  /** Sent with every request, and signed. */
  private readonly fixed: AuthHeaders;

  constructor(
    private readonly key: AccessKey,
    private readonly clock: Clock,
  ) {
    const { securityToken, domainId, projectId } = key;
    const named = { 'x-security-token': securityToken, 'x-domain-id': domainId, 'x-project-id': projectId };
    this.fixed = Object.fromEntries(Object.entries(named).filter(([, value]) => value !== ''));
  }

  headers(request: RequestLine): AuthHeaders {
    const date = new Date(this.clock.now()).toISOString().replace(/[-:]|\.\d+/g, '');
    const sent = { ...this.fixed, 'x-sdk-date': date };
    const signed = { ...sent, host: request.host };
    const signature = signatureOf(canonicalRequest(request, signed), date, this.key.secretKey);
    const names = Object.keys(signed).sort().join(';');
    return {
      ...sent,
      authorization: `${ALGORITHM} Access=${this.key.accessKey}, SignedHeaders=${names}, Signature=${signature}`,
    };
  }

  /**
   * Another signature with the same key would be refused, too, and five refusals in a row lock the key for five
   * minutes.
   */
  rejected(): boolean {
    return false;
  }
}

/** The canonical form of a request, which both sides derive and hash. @param headers names in lower case */
export function canonicalRequest(request: Omit<RequestLine, 'host'>, headers: AuthHeaders): string {
  const [path = '', query = ''] = request.path.split('?', 2);
  const names = Object.keys(headers).sort();
  return [
    request.method,
    path.endsWith('/') ? path : `${path}/`,
    canonicalQuery(query),
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
function canonicalQuery(query: string): string {
  const parameters = query
    .split('&')
    .filter(Boolean)
    .map((parameter) => {
      const [name = '', value = ''] = parameter.split('=', 2).map(decodeURIComponent);
      return { name, value };
    });
  parameters.sort((a, b) => compare(a.name, b.name) || compare(a.value, b.value));
  return parameters.map(({ name, value }) => `${percentEncode(name)}=${percentEncode(value)}`).join('&');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
