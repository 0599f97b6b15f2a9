import type { IncomingMessage } from 'node:http';
import parseForwarded from 'forwarded-parse';
import { compile } from 'proxy-addr';
import { parseOrigin, type Origin } from '#ops';

/** How a client reached the gateway. */
export interface OwnOrigin {
  /** Null if it is not known. A proxy that ends TLS names the scheme only if it is configured to. */
  readonly scheme: string | null;
  /** Host and port as the client or a proxy sent them; empty if neither did. */
  readonly authority: string;
  /** The setting or header field that named them. */
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

  /** The own origin of one request. Each proxy appends a value, so the first value is what the client used. */
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

/**
 * Whether a page's origin is this one. Only `http` and `https` count: apps with schemes of their own have other
 * origins.
 */
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
    return {}; // An unreadable field counts as absent.
  }
}

function firstOf(header: string | string[] | undefined): string | undefined {
  return (Array.isArray(header) ? header[0] : header)?.split(',', 1)[0]?.trim() || undefined;
}

/** Adds the port of `X-Forwarded-Port`: some proxies send it in a field of its own. */
function withPort(authority: string, port: string | undefined): string {
  const hasPort = /:\d+$/.test(authority);
  return port === undefined || hasPort || !/^\d{1,5}$/.test(port) ? authority : `${authority}:${port}`;
}
