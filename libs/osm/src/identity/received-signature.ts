import { timingSafeEqual } from 'node:crypto';
import { ALGORITHM, canonicalRequest, signatureOf, type ValueOrder } from './request-signer.js';

/** A request without a body, as it was received. */
export interface ReceivedRequest {
  readonly method: string;
  /** Path and query, as in the request line. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** What the header `Authorization` of a signed request says. */
export interface ReceivedSignature {
  readonly accessKey: string;
  /** Names in lower case. */
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** When it was signed, ms since 1970. */
  readonly signedAt: number;
}

const AUTHORIZATION = new RegExp(
  `^${ALGORITHM} +Access=([^,\\s]{1,128}), *SignedHeaders=([a-z0-9;-]{1,512}), *Signature=([0-9a-f]{64})$`,
);
const DATE = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;
/** The official SDKs sort the values of a repeated parameter, or sign them as they are sent. */
const ORDERS: readonly ValueOrder[] = ['sorted', 'as_sent'];
/** Without them a signature would count at another server, or at any time. */
const SIGNED_AT_LEAST = ['host', 'x-sdk-date'];

/** Whether a request is signed, whatever its signature is worth. */
export function isSigned(authorization: string | undefined): authorization is string {
  return authorization?.startsWith(`${ALGORITHM} `) === true;
}

/** Reads the signature of a request; null if it is not as the official SDKs write it. */
export function readSignature({ headers }: ReceivedRequest): ReceivedSignature | null {
  const [, accessKey, names, signature] = AUTHORIZATION.exec(textOf(headers['authorization'])) ?? [];
  const [, year, month, day, hour, minute, second] = (DATE.exec(textOf(headers['x-sdk-date'])) ?? []).map(Number);
  const signedHeaders = names?.split(';') ?? [];
  const isWhole = SIGNED_AT_LEAST.every((name) => signedHeaders.includes(name));
  if (accessKey === undefined || signature === undefined || second === undefined || !isWhole) {
    return null;
  }
  const signedAt = Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
  return { accessKey, signedHeaders, signature, signedAt };
}

/**
 * Whether the signature is made with this secret key.
 *
 * @param host what the client may have called this server, besides the header `Host`: a proxy may have changed it
 */
export function isMadeWith(
  secretKey: string,
  request: ReceivedRequest,
  { signedHeaders, signature }: ReceivedSignature,
  host: string,
): boolean {
  const received = Object.fromEntries(signedHeaders.map((name) => [name, textOf(request.headers[name])]));
  const hosts = new Set([received['host'] ?? '', host]);
  return [...hosts].some((each) =>
    ORDERS.some((order) => isEqual(signature, expected(secretKey, request, { ...received, host: each }, order))),
  );
}

function expected(
  secretKey: string,
  { method, url }: ReceivedRequest,
  headers: Readonly<Record<string, string>>,
  order: ValueOrder,
): string {
  try {
    const canonical = canonicalRequest({ method, path: url }, headers, order);
    return signatureOf(canonical, headers['x-sdk-date'] ?? '', secretKey);
  } catch (error) {
    if (error instanceof URIError) {
      return ''; // The query cannot be decoded.
    }
    throw error;
  }
}

function isEqual(signature: string, other: string): boolean {
  return signature.length === other.length && timingSafeEqual(Buffer.from(signature), Buffer.from(other));
}

function textOf(header: string | string[] | undefined): string {
  return Array.isArray(header) ? header.join(', ') : (header ?? '');
}
