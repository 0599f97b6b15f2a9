import type { IncomingMessage } from 'node:http';
import parseForwarded from 'forwarded-parse';
import { compile } from 'proxy-addr';
import { parseOrigin, type Origin } from '#ops';

/** How a client reached the gateway. */
export interface OwnOrigin {
  /** Null where it is not known: a proxy that ends TLS does not say so by itself. */
  readonly scheme: string | null;
  /** Host and port as a client wrote them, or some proxy; empty where nobody said. */
  readonly authority: string;
  /** Where that is from. */
  readonly source: string;
}

/** Tells which origin is the gateway's own, as pages see it. */
export class OwnOrigins {
  private readonly named: OwnOrigin | null;
  private readonly isTrusted: (address: string, hop: number) => boolean;

  constructor(
    /** `PUBLIC_URL`, or empty */
    publicUrl: string,
    /** `TRUST_PROXY` */
    trustProxy: readonly string[],
  ) {
    const url = publicUrl === '' ? null : new URL(publicUrl);
    this.named = url && { scheme: url.protocol.slice(0, -1), authority: url.host, source: 'PUBLIC_URL' };
    this.isTrusted = compile([...trustProxy]);
  }

  /** For one request. Proxies add what they saw behind what they were told: the first is how the client came. */
  of({ headers, socket }: IncomingMessage): OwnOrigin {
    if (this.named !== null) {
      return this.named;
    }
    const host = headers.host ?? '';
    if (socket.remoteAddress === undefined || !this.isTrusted(socket.remoteAddress, 0)) {
      return { scheme: null, authority: host, source: 'Host' };
    }
    const standard = forwardedOf(headers.forwarded);
    const scheme = standard.proto ?? firstOf(headers['x-forwarded-proto']);
    const forwardedHost = standard.host ?? firstOf(headers['x-forwarded-host']);
    const port = firstOf(headers['x-forwarded-port']);
    return {
      scheme: scheme?.toLowerCase() ?? null,
      authority: withPort(forwardedHost ?? host, port),
      source: standard.host ? 'Forwarded' : forwardedHost ? 'X-Forwarded-Host' : 'Host',
    };
  }
}

/** Whether a page's origin is this one. Only web pages have the gateway's own: apps with schemes of their own do not. */
export function isOwn(origin: Origin, { scheme, authority }: OwnOrigin): boolean {
  if (origin.scheme !== 'https' && origin.scheme !== 'http') {
    return false;
  }
  const own = parseOrigin(`${scheme ?? origin.scheme}://${authority}`);
  return own !== null && own.scheme === origin.scheme && own.host === origin.host && own.port === origin.port;
}

function forwardedOf(header: string | undefined): { readonly host?: string; readonly proto?: string } {
  if (header === undefined) {
    return {};
  }
  try {
    return parseForwarded(header)[0] ?? {};
  } catch {
    return {}; // What cannot be read says nothing.
  }
}

function firstOf(header: string | string[] | undefined): string | undefined {
  return (Array.isArray(header) ? header[0] : header)?.split(',', 1)[0]?.trim() || undefined;
}

/** Some proxies say the port apart. */
function withPort(authority: string, port: string | undefined): string {
  const hasPort = /:\d+$/.test(authority);
  return port === undefined || hasPort || !/^\d{1,5}$/.test(port) ? authority : `${authority}:${port}`;
}
