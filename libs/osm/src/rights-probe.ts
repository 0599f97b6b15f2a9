import { UpstreamFailure, type CaseId, type Clock, type Cursor, type Feed } from '#core';
import type { HttpAnswer } from './http-exchange.js';
import { HttpOrigin, type HttpLimits, type ProxySettings } from './http-origin.js';
import { readAnswer, statesError } from './osm.answer.js';
import { INSTANT_MESSAGES_PATH } from './osm.client.js';
import { PollQueryWriter } from './poll-query.js';

/** The settings of probes, named as in the environment. */
export interface ProbeSettings extends ProxySettings {
  readonly upstreamBaseUrl: string;
  readonly upstreamTimeZone: string;
  readonly upstreamSite: '' | '0' | '1';
  readonly upstreamTimeoutMs: number;
  readonly upstreamMaxBodyBytes: number;
  /** Most probes in flight at once, which is also the number of connections. */
  readonly authProbeMaxConcurrent: number;
}

export interface ProbeRequest {
  readonly feed: Feed;
  /** Up to `UPSTREAM_MAX_CASE_IDS` tickets. None: the question is whether the token is good. */
  readonly caseIds: readonly CaseId[];
  /** Where the answer is to begin, so that it is small; null for the beginning. */
  readonly cursor: Cursor | null;
}

/**
 * What the upstream says of a token and tickets. `allowed`: the token may read all of them. `refused`: it may not read one
 * of them, or one does not exist. `doubted`: a parameter is wrong: the cursor, or the id of a ticket. `unauthorized`: the
 * token is not good. All but the last one prove that the token is good.
 */
export type ProbeAnswer =
  | { readonly kind: 'allowed'; readonly cursor: Cursor | null }
  | { readonly kind: 'refused' | 'doubted' | 'unauthorized' };

/** Which refusal the failure is; null if it says nothing about rights. */
function refusalOf({ code }: UpstreamFailure, answer: HttpAnswer): Exclude<ProbeAnswer['kind'], 'allowed'> | null {
  if (code === 'refused' || code === 'doubted') {
    return code;
  }
  if (code === 'unauthorized') {
    return statesError(answer) ? code : null;
  }
  // The gateway in front of the upstream knows no tickets, but it knows whom it does not let through to any.
  return answer.status === 403 && statesError(answer) ? 'refused' : null;
}

/** Asks the upstream what a client's own token may read. The token is used for the one request, and is not kept. */
export class RightsProbe {
  private readonly origin: HttpOrigin;
  private readonly queries = new PollQueryWriter('');
  private readonly headers: Readonly<Record<string, string>>;

  /** @param userAgent name and version of this program */
  constructor(
    settings: ProbeSettings,
    private readonly clock: Clock,
    userAgent: string,
  ) {
    const limits: HttpLimits = {
      timeoutMs: settings.upstreamTimeoutMs,
      maxBodyBytes: settings.upstreamMaxBodyBytes,
      connections: settings.authProbeMaxConcurrent,
    };
    this.origin = new HttpOrigin(settings.upstreamBaseUrl, limits, settings);
    this.headers = {
      accept: 'application/json',
      'user-agent': userAgent,
      'x-time-zone': settings.upstreamTimeZone,
      ...(settings.upstreamSite === '' ? {} : { 'x-site': settings.upstreamSite }),
    };
  }

  /**
   * Sends one request. Only a refusal in the upstream's own JSON is a no (invariant 5).
   *
   * @param token a text that a header can carry
   * @throws {UpstreamFailure} for everything else: an error of the upstream, a throttling, an answer of a firewall
   */
  async ask(token: string, { feed, caseIds, cursor }: ProbeRequest): Promise<ProbeAnswer> {
    const query = this.queries.write({ feed, caseIds, cursor, knownDigest: null }).replace(/^&/, '');
    const path = `${this.origin.basePath}${INSTANT_MESSAGES_PATH}${query === '' ? '' : '?'}${query}`;
    const headers = { ...this.headers, 'x-language': feed.language, 'x-auth-token': token };
    const answer = await this.origin.send({ method: 'GET', path, headers });
    try {
      const read = readAnswer(answer, { knownDigest: null, offsetMinutes: 0, now: this.clock.now() });
      return { kind: 'allowed', cursor: read.cursor };
    } catch (error) {
      if (!(error instanceof UpstreamFailure)) {
        throw error;
      }
      const kind = refusalOf(error, answer);
      if (kind === null) {
        throw error;
      }
      return { kind };
    }
  }

  /** Ends every request and connection. */
  close(): Promise<void> {
    return this.origin.close();
  }
}
