import type { IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';
import parseForwarded from 'forwarded-parse';
import proxyAddress, { compile } from 'proxy-addr';

/** An IPv4 address that is written as an IPv6 one. */
const MAPPED = /^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i;
/** Groups of an IPv6 address that name a network: one customer gets at least a /64. */
const NETWORK_GROUPS = 4;

/**
 * Tells the addresses of clients: those of their connections, or behind a proxy of `TRUST_PROXY` those that the proxy
 * names in `Forwarded` or `X-Forwarded-For`. Each proxy appends a value, so the last one that is no trusted proxy counts:
 * what comes before it is the client's own word.
 */
export class ClientAddresses {
  private readonly isTrusted: (address: string, hop: number) => boolean;

  constructor(
    /** `TRUST_PROXY` */
    trustProxy: readonly string[],
  ) {
    this.isTrusted = compile([...trustProxy]);
  }

  /** The client's IPv4 address, or its IPv6 network of 64 bits; empty where its connection has ended. */
  of({ headers, socket }: IncomingMessage): string {
    const listed = addressesOf(headers.forwarded) ?? headers['x-forwarded-for'];
    const request = { headers: { 'x-forwarded-for': listed }, socket };
    return socket.remoteAddress === undefined
      ? ''
      : networkOf(proxyAddress(request as unknown as IncomingMessage, this.isTrusted));
  }
}

/** The `for` of each element of a `Forwarded` field, as `X-Forwarded-For` lists them; undefined if there is none. */
function addressesOf(forwarded: string | undefined): string | undefined {
  if (forwarded === undefined) {
    return undefined;
  }
  try {
    return parseForwarded(forwarded)
      .map((element) => withoutPort(element['for'] ?? 'unknown'))
      .join(',');
  } catch {
    return undefined; // An unreadable field counts as absent.
  }
}

/** `[2001:db8::1]:4711` and `192.0.2.1:4711` without brackets and port. */
function withoutPort(node: string): string {
  return /^\[([^\]]*)\]/.exec(node)?.[1] ?? /^([^:]*):\d+$/.exec(node)?.[1] ?? node;
}

function networkOf(address: string): string {
  const plain = address.replace(MAPPED, '');
  if (!isIPv6(plain)) {
    return plain;
  }
  const [front = '', back] = plain.split('::');
  const before = front === '' ? [] : front.split(':');
  const after = back ? back.split(':') : [];
  const zeros = back === undefined ? [] : Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0');
  const groups = [...before, ...zeros, ...after].slice(0, NETWORK_GROUPS);
  return groups.map((group) => (Number.parseInt(group, 16) || 0).toString(16)).join(':');
}
