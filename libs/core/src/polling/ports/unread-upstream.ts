import type { Feed } from '../../model/feed.js';
import type { CaseId } from '../../model/ticket.js';

/** How many messages of a ticket the account has not read. */
export interface UnreadCount {
  readonly caseId: CaseId;
  readonly unreadNum: number;
  /** `imunread.status`: 1 online, 0 offline; null: the upstream does not say. */
  readonly status: number | null;
}

/** The API for unread counts. */
export interface UnreadUpstream {
  /**
   * Sends one request. It must settle within `UPSTREAM_TIMEOUT_MS`.
   *
   * @param caseIds 1 to `UPSTREAM_MAX_CASE_IDS` tickets
   * @throws {UpstreamFailure} for everything that is not an answer
   */
  unread(feed: Feed, caseIds: readonly CaseId[]): Promise<readonly UnreadCount[]>;
}
