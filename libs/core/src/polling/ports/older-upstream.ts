import type { Feed } from '../../model/feed.js';
import type { CaseId } from '../../model/ticket.js';
import type { AnsweredMessage } from './upstream.js';

/** Most messages of one answer (the upstream's documentation, parameter `limit`). */
export const OLDER_LIMIT_MAX = 100;

/** Which messages of a ticket are asked for: the newest ones before a time. */
export interface OlderRequest {
  readonly feed: Feed;
  readonly caseId: CaseId;
  /** Milliseconds since 1970. */
  readonly before: number;
  /** `type` of the message from which the reader goes on. */
  readonly type: 0 | 1;
  /** 1 to {@link OLDER_LIMIT_MAX}. */
  readonly limit: number;
}

/** The API for messages that are older than what polls show. */
export interface OlderUpstream {
  /**
   * Sends one request. It must settle within `UPSTREAM_TIMEOUT_MS`.
   *
   * @returns messages in the upstream's order; perhaps some that are exactly at the time
   * @throws {UpstreamFailure} for everything that is not an answer
   */
  more(request: OlderRequest): Promise<readonly AnsweredMessage[]>;
}
