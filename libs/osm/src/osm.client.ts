import { UpstreamFailure, type Clock, type PollAnswer, type PollRequest, type Upstream } from '#core';
import type { AuthHeaders, Authenticator } from './identity/authenticator.js';
import { parseTimeZone } from './create-time.js';
import type { HttpAnswer } from './http-exchange.js';
import { HttpOrigin, type HttpLimits, type ProxySettings } from './http-origin.js';
import { readAnswer } from './osm.answer.js';
import { PollQueryWriter } from './poll-query.js';

/** "Querying Instant Messages in Polling Mode". */
const PATH = '/v2/servicerequest/cases/instant-messages';

export interface OsmOptions extends HttpLimits {
  readonly baseUrl: string;
  readonly proxies: ProxySettings;
  /** Name and version of this program, for the header `User-Agent`. */
  readonly userAgent: string;
  /** `X-Time-Zone`, and the zone in which `create_time` is read; a text that `parseTimeZone` accepts. */
  readonly timeZone: string;
  /** `X-Site`: 0 China, 1 international; empty: not sent. */
  readonly site: '' | '0' | '1';
  /** `trim_osm_rich_text_label`: whether the upstream removes the labels of rich text; empty: not sent. */
  readonly trimRichText: '' | 'true' | 'false';
}

/** Polls the instant messages of service tickets. */
export class OsmClient implements Upstream {
  private readonly origin: HttpOrigin;
  private readonly path: string;
  private readonly queries: PollQueryWriter;
  private readonly offsetMinutes: number;
  private readonly headers: Readonly<Record<string, string>>;

  constructor(
    private readonly options: OsmOptions,
    private readonly authenticator: Authenticator,
    private readonly clock: Clock,
  ) {
    this.origin = new HttpOrigin(options.baseUrl, options, options.proxies);
    this.path = `${this.origin.basePath}${PATH}`;
    this.queries = new PollQueryWriter(options.trimRichText);
    this.offsetMinutes = parseTimeZone(options.timeZone);
    this.headers = {
      accept: 'application/json',
      'user-agent': options.userAgent,
      'x-time-zone': options.timeZone,
      ...(options.site === '' ? {} : { 'x-site': options.site }),
    };
  }

  /** Sends one request, and a second one with a new token if the upstream refused the old token. */
  async poll(request: PollRequest): Promise<PollAnswer> {
    const endsAt = performance.now() + this.options.timeoutMs;
    const path = `${this.path}?${this.queries.write(request)}`;
    const first = await this.ask(path, request.feed.language, this.options.timeoutMs);
    try {
      return this.read(first.answer, request);
    } catch (error) {
      const refused = error instanceof UpstreamFailure && error.code === 'unauthorized';
      if (!refused || !this.authenticator.rejected(first.auth)) {
        throw error;
      }
    }
    const second = await this.ask(path, request.feed.language, endsAt - performance.now());
    return this.read(second.answer, request);
  }

  /** Ends every request and connection. */
  close(): Promise<void> {
    return this.origin.close();
  }

  private async ask(
    path: string,
    language: string,
    timeoutMs: number,
  ): Promise<{ answer: HttpAnswer; auth: AuthHeaders }> {
    const endsAt = performance.now() + timeoutMs;
    const given = this.authenticator.headers({ method: 'GET', host: this.origin.host, path });
    const auth = given instanceof Promise ? await within(given, timeoutMs) : given;
    // The clock is read again only after a wait. So almost all timers have the same duration, which is cheap in Node.
    const leftMs = given instanceof Promise ? endsAt - performance.now() : timeoutMs;
    const headers = { ...this.headers, 'x-language': language, ...auth };
    const answer = await this.origin.send({ method: 'GET', path, headers }, Math.max(1, Math.round(leftMs)));
    return { answer, auth };
  }

  private read(answer: HttpAnswer, request: PollRequest): PollAnswer {
    const { knownDigest } = request;
    return readAnswer(answer, { knownDigest, offsetMinutes: this.offsetMinutes, now: this.clock.now() });
  }
}

/** Waits for a promise. A login that takes longer continues for later polls. */
async function within<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new UpstreamFailure('timeout', `no token within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
