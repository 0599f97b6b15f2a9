import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { EnvHttpProxyAgent, Pool, type Dispatcher } from 'undici';
import { UpstreamFailure } from '#core';
import { HttpExchange, type HttpAnswer } from './http-exchange.js';

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface HttpLimits {
  /** Time from the call to the last byte, ms. It includes connecting and waiting for a connection. */
  readonly timeoutMs: number;
  /** Largest body before and after decompression, bytes. */
  readonly maxBodyBytes: number;
  /** Most connections at the same time. */
  readonly connections: number;
}

/** The settings of proxies, named as in the environment. */
export interface ProxySettings {
  /** URL of the proxy for `https:` origins, with user and password if it requires them; empty: none. */
  readonly httpsProxy: string;
  /** The same for `http:` origins. */
  readonly httpProxy: string;
  /** Hosts to reach without a proxy, separated by commas: `localhost,.example.com,10.0.0.1:8080`; `*` is all of them. */
  readonly noProxy: string;
}

/**
 * How long a connection to one address of a host may take before the next address is tried, ms. Node's default is 250
 * ms. An upstream that is further away and has IPv4 and IPv6 addresses could not be reached from a machine that has
 * only one of them.
 */
const ADDRESS_ATTEMPT_MS = 2000;
/** Share of a short timeout that one address gets, so that a second address is tried before the timeout. */
const ADDRESS_SHARE = 0.4;

const gunzipped = promisify(gunzip);

/**
 * One HTTP origin, with a pool of kept connections. Redirects are not followed: the token would be sent to whatever
 * address they name.
 *
 * It uses undici's `dispatch` and collects the body itself, because a readable stream per answer and undici's own
 * timers cost more than the rest of a poll. Connections that were idle for 4 s (undici's default) are not used again,
 * because many servers silently drop theirs after 5 s.
 */
export class HttpOrigin {
  /** The value of the header `Host`. */
  readonly host: string;
  /** Prefix of every path, without a slash at its end. */
  readonly basePath: string;
  private readonly origin: string;
  private readonly dispatcher: Dispatcher;

  constructor(
    baseUrl: string,
    private readonly limits: HttpLimits,
    proxies: ProxySettings,
  ) {
    const url = new URL(baseUrl);
    this.host = url.host;
    this.basePath = url.pathname.replace(/\/+$/, '');
    this.origin = url.origin;
    const proxy = url.protocol === 'https:' ? proxies.httpsProxy : proxies.httpProxy;
    this.dispatcher =
      proxy === '' ? new Pool(url.origin, poolOptions(limits)) : proxied(proxy, proxies.noProxy, limits);
  }

  /**
   * @param timeoutMs no longer than the limit
   * @param onSent called when the request has a connection and leaves
   * @throws {UpstreamFailure} `timeout`, `unavailable` (network) or `malformed` (not HTTP, too large)
   */
  async send(
    request: HttpRequest,
    timeoutMs = this.limits.timeoutMs,
    onSent: () => void = () => undefined,
  ): Promise<HttpAnswer> {
    const { maxBodyBytes } = this.limits;
    const answer = await new Promise<HttpAnswer>((resolve, reject) => {
      this.dispatcher.dispatch(
        { ...request, origin: this.origin },
        new HttpExchange(maxBodyBytes, timeoutMs, resolve, reject, onSent),
      );
    });
    const encoding = answer.headers['content-encoding'];
    return encoding === undefined || encoding === 'identity' ? answer : decoded(answer, encoding, maxBodyBytes);
  }

  /** Ends every request and connection. */
  close(): Promise<void> {
    return this.dispatcher.destroy();
  }
}

function poolOptions({ timeoutMs, connections }: HttpLimits) {
  const attemptMs = Math.min(ADDRESS_ATTEMPT_MS, Math.round(timeoutMs * ADDRESS_SHARE));
  return {
    connections,
    pipelining: 1,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: timeoutMs, autoSelectFamily: true, autoSelectFamilyAttemptTimeout: attemptMs },
  };
}

/**
 * undici's agent for proxies, which also reads `noProxy`. Requests for `http:` URLs are sent to the proxy itself, as
 * most proxies require. Requests for `https:` URLs go through a tunnel.
 */
function proxied(proxy: string, noProxy: string, limits: HttpLimits): Dispatcher {
  const pool = poolOptions(limits);
  return new EnvHttpProxyAgent({
    // Both are set, although one of them is used: undici reads from the environment what is not set.
    httpProxy: proxy,
    httpsProxy: proxy,
    noProxy,
    proxyTunnel: false,
    ...pool,
    proxyTls: pool.connect,
    requestTls: { timeout: limits.timeoutMs },
    // Without it the pool of connections to the proxy would have no limits.
    factory: (origin, options: object) => new Pool(origin, { ...pool, ...options }),
  });
}

/** Decompresses an answer. Requests never ask for compression, but an answer may be compressed nevertheless. */
async function decoded(answer: HttpAnswer, encoding: string | string[], maxOutputLength: number): Promise<HttpAnswer> {
  if (encoding !== 'gzip') {
    throw new UpstreamFailure('malformed', 'the answer has an encoding that was not asked for');
  }
  try {
    return { ...answer, body: await gunzipped(answer.body, { maxOutputLength }) };
  } catch {
    throw new UpstreamFailure('malformed', `the answer is no gzip of at most ${maxOutputLength} bytes`);
  }
}
