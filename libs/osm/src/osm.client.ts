import {
  UpstreamFailure,
  type AnsweredMessage,
  type CaseId,
  type Clock,
  type Feed,
  type OlderRequest,
  type OlderUpstream,
  type PollAnswer,
  type PollRequest,
  type UnreadCount,
  type UnreadUpstream,
  type Upstream,
} from '#core';
import type { AuthHeaders, Authenticator, RequestLine, TokenValidity } from './identity/authenticator.js';
import { parseTimeZone } from './create-time.js';
import type { HttpAnswer } from './http-exchange.js';
import { HttpOrigin, type HttpLimits, type ProxySettings } from './http-origin.js';
import { MessageCache } from './message-cache.js';
import { readAnswer } from './osm.answer.js';
import { readOlder } from './older.answer.js';
import { olderPath } from './older-path.js';
import { requestIdOf } from './osm.errors.js';
import { PollQueryWriter } from './poll-query.js';
import { readUnread } from './unread.answer.js';

/** "Querying Instant Messages in Polling Mode". */
export const INSTANT_MESSAGES_PATH = '/v2/servicerequest/cases/instant-messages';

export interface OsmOptions extends HttpLimits {
  readonly baseUrl: string;
  readonly proxies: ProxySettings;
  /** Called when a request leaves. */
  readonly onSent?: () => void;
  /** `traceparent` of the request that is being made (W3C Trace Context); null: it is not sent. */
  readonly traceparent?: () => string | null;
  /** Name and version of this program, for the header `User-Agent`. */
  readonly userAgent: string;
  /** `X-Time-Zone`, and the zone in which `create_time` is read; a text that `parseTimeZone` accepts. */
  readonly timeZone: string;
  /** `X-Site`: 0 China, 1 international; empty: not sent. */
  readonly site: '' | '0' | '1';
  /** `trim_osm_rich_text_label`: whether the upstream removes the labels of rich text; empty: not sent. */
  readonly trimRichText: '' | 'true' | 'false';
}

/** What was read from an answer, and when its request left, ms of the process. */
interface TimedAnswer<Read> {
  readonly read: Read;
  readonly leftAt: number;
}

/** One request, and how its answer is read. */
interface UpstreamCall<Read> {
  readonly line: RequestLine;
  readonly feed: Feed;
  /** @throws {UpstreamFailure} */
  readonly read: (answer: HttpAnswer) => Read;
}

/** Asks for the instant messages of service tickets. */
export class OsmClient implements Upstream, OlderUpstream, UnreadUpstream {
  private readonly origin: HttpOrigin;
  private readonly path: string;
  private readonly queries: PollQueryWriter;
  private readonly unreadQueries = new PollQueryWriter('');
  private readonly offsetMinutes: number;
  private readonly cache = new MessageCache();
  private readonly headers: Readonly<Record<string, string>>;

  constructor(
    private readonly options: OsmOptions,
    private readonly authenticator: Authenticator,
    private readonly clock: Clock,
  ) {
    this.origin = new HttpOrigin(options.baseUrl, options, options.proxies);
    this.path = `${this.origin.basePath}${INSTANT_MESSAGES_PATH}`;
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
    const line = this.lineOf(`${this.path}?${this.queries.write(request)}`);
    const calledAt = performance.now();
    const read = (answer: HttpAnswer) => this.read(answer, request);
    const { read: answer, leftAt } = await this.ask({ line, feed: request.feed, read }, this.options.timeoutMs, true);
    return { ...answer, waitedMs: leftAt - calledAt };
  }

  /** "Querying More Messages". Sends one request, as {@link poll} does. */
  async more(request: OlderRequest): Promise<readonly AnsweredMessage[]> {
    const { offsetMinutes, options } = this;
    const line = this.lineOf(`${this.origin.basePath}${olderPath(request, options.trimRichText)}`);
    const read = (answer: HttpAnswer) => readOlder(answer, { offsetMinutes, now: this.clock.now() });
    return (await this.ask({ line, feed: request.feed, read }, options.timeoutMs, true)).read;
  }

  /** "Querying Unread Messages". Sends one request, as {@link poll} does. */
  async unread(feed: Feed, caseIds: readonly CaseId[]): Promise<readonly UnreadCount[]> {
    const { timeoutMs } = this.options;
    const query = this.unreadQueries.write({ feed, caseIds, cursor: null, knownDigest: null });
    const line = this.lineOf(`${this.path}/unread?${query}`);
    const read = (answer: HttpAnswer) => readUnread(answer, this.clock.now());
    return (await this.ask({ line, feed, read }, timeoutMs, true)).read;
  }

  /**
   * Logs in, if requests are authenticated by a login and there is no token.
   *
   * @throws {UpstreamFailure} if no token is available
   */
  async logIn(): Promise<void> {
    await this.authenticator.logIn?.();
  }

  /** The token that requests have; null if there is none, or its end is not known. */
  get token(): TokenValidity | null {
    return this.authenticator.token ?? null;
  }

  /** Ends every request and connection. */
  close(): Promise<void> {
    return this.origin.close();
  }

  private lineOf(path: string): RequestLine {
    return { method: 'GET', host: this.origin.host, path };
  }

  private async ask<Read>(
    call: UpstreamCall<Read>,
    timeoutMs: number,
    mayAskAgain: boolean,
  ): Promise<TimedAnswer<Read>> {
    const { line, feed } = call;
    const endsAt = performance.now() + timeoutMs;
    const given = this.authenticator.headers(line);
    const auth = given instanceof Promise ? await this.within(given, timeoutMs) : given;
    // The clock is read again only after a wait. So almost all timers have the same duration, which is cheap in Node.
    const leftMs = given instanceof Promise ? endsAt - performance.now() : timeoutMs;
    const traceparent = this.options.traceparent?.() ?? null;
    const headers = {
      ...this.headers,
      'x-language': feed.language,
      ...(traceparent !== null && { traceparent }),
      ...auth,
    };
    try {
      let leftAt = performance.now();
      const answer = await this.origin.send(
        { method: 'GET', path: line.path, headers },
        Math.max(1, Math.round(leftMs)),
        () => {
          leftAt = performance.now();
          this.options.onSent?.();
        },
      );
      const read = named(answer, call.read);
      this.authenticator.settled(auth, null);
      return { read, leftAt };
    } catch (error) {
      const failure = error instanceof UpstreamFailure ? error : new UpstreamFailure('unavailable', 'no answer');
      if (this.authenticator.settled(auth, failure) && mayAskAgain) {
        return this.ask(call, endsAt - performance.now(), false);
      }
      throw error;
    }
  }

  private read(answer: HttpAnswer, request: PollRequest): PollAnswer {
    const { offsetMinutes, cache } = this;
    return readAnswer(answer, { knownDigest: request.knownDigest, offsetMinutes, cache, now: this.clock.now() });
  }

  /**
   * Waits for headers. A login that takes longer continues for later polls. Headers that come too late are not used.
   */
  private async within(given: Promise<AuthHeaders>, timeoutMs: number): Promise<AuthHeaders> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new UpstreamFailure('timeout', `no token within ${timeoutMs} ms`)), timeoutMs);
    });
    try {
      return await Promise.race([given, late]);
    } catch (error) {
      const unsent = new UpstreamFailure('timeout', 'the request was not sent');
      given.then((headers) => this.authenticator.settled(headers, unsent)).catch(() => undefined);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Reads an answer. A failure gets the upstream's name of the request. */
function named<Read>(answer: HttpAnswer, read: (answer: HttpAnswer) => Read): Read {
  try {
    return read(answer);
  } catch (error) {
    throw error instanceof UpstreamFailure ? ofRequest(error, answer) : error;
  }
}

function ofRequest(failure: UpstreamFailure, { headers }: HttpAnswer): UpstreamFailure {
  const requestId = failure.requestId ?? requestIdOf(headers['x-request-id']);
  return new UpstreamFailure(failure.code, failure.message, failure.retryAfterMs, requestId);
}
