import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { EnvHttpProxyAgent, Pool, type Dispatcher } from 'undici';
import { UpstreamFailure } from '#core';
import { HttpExchange, type HttpAnswer } from './http-exchange.js';

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface HttpLimits {
  /** From the call to the last byte, milliseconds; connecting and waiting for a connection included. */
  readonly timeoutMs: number;
  /** Largest body, in bytes, before and after decompression. */
  readonly maxBodyBytes: number;
  /** Connections at once. */
  readonly connections: number;
}

/** By the names they have in the environment. */
export interface ProxySettings {
  /** URL of the proxy for `https:` origins, with user and password if it wants them; empty: none. */
  readonly httpsProxy: string;
  /** The same for `http:` origins. */
  readonly httpProxy: string;
  /** Hosts to reach without a proxy, separated by commas: `localhost,.example.com,10.0.0.1:8080`; `*` is all of them. */
  readonly noProxy: string;
}

/**
 * How long one address of a host gets before the next one is tried, ms. Node's default is 250: an upstream further away
 * than that, with addresses of both families, cannot be connected to from a machine that has only one of them.
 */
const ADDRESS_ATTEMPT_MS = 2000;
/** Of a short timeout an address gets this share, so that a second one is tried within it. */
const ADDRESS_SHARE = 0.4;

const gunzipped = promisify(gunzip);

/**
 * One HTTP origin, asked over a pool of kept connections. Redirects are answers like any other: a token sent along to
 * wherever one points would be given away.
 *
 * It sits on undici's `dispatch` and collects the body itself: a readable stream per answer and undici's own timers
 * cost more than the rest of a poll. Connections that were idle for 4 seconds (undici's default) are not used
 * again, because many servers silently drop theirs after 5.
 */
export class HttpOrigin {
  /** As in the header `Host`. */
  readonly host: string;
  /** In front of every path, without a slash at its end. */
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
   * @param timeoutMs at most the limit
   * @throws {UpstreamFailure} `timeout`, `unavailable` (network) or `malformed` (not HTTP, too large)
   */
  async send(request: HttpRequest, timeoutMs = this.limits.timeoutMs): Promise<HttpAnswer> {
    const { maxBodyBytes } = this.limits;
    const answer = await new Promise<HttpAnswer>((resolve, reject) => {
      this.dispatcher.dispatch(
        { ...request, origin: this.origin },
        new HttpExchange(maxBodyBytes, timeoutMs, resolve, reject),
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
 * undici's agent for proxies, which also reads `noProxy`. Plain HTTP is asked of the proxy itself, as most proxies want
 * it, and HTTPS through a tunnel.
 */
function proxied(proxy: string, noProxy: string, limits: HttpLimits): Dispatcher {
  const pool = poolOptions(limits);
  return new EnvHttpProxyAgent({
    // Both are named, even where only one of them is used: what is not named is read from the environment.
    httpProxy: proxy,
    httpsProxy: proxy,
    noProxy,
    proxyTunnel: false,
    ...pool,
    proxyTls: pool.connect,
    requestTls: { timeout: limits.timeoutMs },
    // Without it a pool of connections to the proxy would have none of the limits.
    factory: (origin, options: object) => new Pool(origin, { ...pool, ...options }),
  });
}

/** We never ask for compression, but an answer may come so all the same. */
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
