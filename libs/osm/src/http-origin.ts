import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { Pool } from 'undici';
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
  private readonly pool: Pool;

  constructor(
    baseUrl: string,
    private readonly limits: HttpLimits,
  ) {
    const url = new URL(baseUrl);
    this.host = url.host;
    this.basePath = url.pathname.replace(/\/+$/, '');
    this.pool = new Pool(url.origin, {
      connections: limits.connections,
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: {
        timeout: limits.timeoutMs,
        autoSelectFamily: true,
        autoSelectFamilyAttemptTimeout: Math.min(ADDRESS_ATTEMPT_MS, Math.round(limits.timeoutMs * ADDRESS_SHARE)),
      },
    });
  }

  /**
   * @param timeoutMs at most the limit
   * @throws {UpstreamFailure} `timeout`, `unavailable` (network) or `malformed` (not HTTP, too large)
   */
  async send(request: HttpRequest, timeoutMs = this.limits.timeoutMs): Promise<HttpAnswer> {
    const { maxBodyBytes } = this.limits;
    const answer = await new Promise<HttpAnswer>((resolve, reject) => {
      this.pool.dispatch(request, new HttpExchange(maxBodyBytes, timeoutMs, resolve, reject));
    });
    const encoding = answer.headers['content-encoding'];
    return encoding === undefined || encoding === 'identity' ? answer : decoded(answer, encoding, maxBodyBytes);
  }

  /** Ends every request and connection. */
  close(): Promise<void> {
    return this.pool.destroy();
  }
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
