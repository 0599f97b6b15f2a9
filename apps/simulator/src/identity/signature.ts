import { createHash, createHmac } from 'node:crypto';
import { type IncomingHttpHeaders } from 'node:http';

/*
 * Huawei Cloud's request signature, from "API Request Signing Guide" (support.huaweicloud.com/intl/en-us/devg-apisign):
 *
 *   CanonicalRequest = method \n CanonicalURI \n CanonicalQueryString \n CanonicalHeaders \n SignedHeaders \n
 *                      hex(sha256(body))
 *   StringToSign     = SDK-HMAC-SHA256 \n X-Sdk-Date \n hex(sha256(CanonicalRequest))
 *   Signature        = hex(hmac-sha256(secret key, StringToSign))
 */

export const ALGORITHM = 'SDK-HMAC-SHA256';

/** A request without a body, as received. */
export interface UnsignedRequest {
  readonly method: string;
  /** Path and query string, as in the request line. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

/**
 * How the values of one repeated parameter go into the signature. The guide does not say. The official SDKs for Python,
 * Node and Go sort them; the one for Java takes them in the order of the request.
 */
export type ValueOrder = 'sorted' | 'as_sent';

/** @param signedHeaders lower-case names */
export function signatureOf(
  request: UnsignedRequest,
  signedHeaders: readonly string[],
  secretKey: string,
  order: ValueOrder = 'sorted',
): string {
  const date = headerText(request.headers, 'x-sdk-date');
  const toSign = `${ALGORITHM}\n${date}\n${sha256(canonicalRequest(request, signedHeaders, order))}`;
  return createHmac('sha256', secretKey).update(toSign).digest('hex');
}

function canonicalRequest(
  { method, url, headers }: UnsignedRequest,
  signedHeaders: readonly string[],
  order: ValueOrder,
): string {
  const [path = '', search = ''] = url.split('?', 2);
  const names = [...signedHeaders].sort();
  return [
    method.toUpperCase(),
    canonicalUri(path),
    canonicalQuery(search, order),
    ...names.map((name) => `${name}:${headerText(headers, name).trim()}`),
    // The list of headers ends with one more line feed.
    '',
    names.join(';'),
    sha256(''),
  ].join('\n');
}

/** Each segment decoded and encoded again. There is always a slash at the end. */
function canonicalUri(path: string): string {
  const encoded = path.split('/').map((segment) => encode(decodeURIComponent(segment)));
  return encoded.at(-1) === '' ? encoded.join('/') : `${encoded.join('/')}/`;
}

/** Sorted by name. Each parameter has a `=`. */
function canonicalQuery(search: string, order: ValueOrder): string {
  return [...new URLSearchParams(search)]
    .sort(([a, x], [b, y]) => compare(a, b) || (order === 'sorted' ? compare(x, y) : 0))
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .join('&');
}

/** Percent-encodes all but the unreserved characters of RFC 3986. `encodeURIComponent` leaves five more as they are. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
const sha256 = (content: string): string => createHash('sha256').update(content).digest('hex');

function headerText(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name];
  return Array.isArray(value) ? value.join(',') : (value ?? '');
}
