import type { Cursor } from '../cursor-history.js';
import type { Feed } from '../../model/feed.js';
import type { JsonObject } from '../../model/json.js';
import type { CaseId } from '../../model/ticket.js';

export interface PollRequest {
  readonly feed: Feed;
  /** 1 to `UPSTREAM_MAX_CASE_IDS` tickets. */
  readonly caseIds: readonly CaseId[];
  /** Where to read from; null for the beginning. */
  readonly cursor: Cursor | null;
  /** Digest of an answer whose contents are known already: an equal one is answered `unchanged`. */
  readonly knownDigest: string | null;
}

/** One message as answered. */
export interface AnsweredMessage {
  readonly message: JsonObject;
  /** `create_time` as milliseconds since 1970; null if it could not be read. */
  readonly sentAt: number | null;
}

/** One `immsg` entry: messages of one ticket in the upstream's order, which is not documented. */
export interface AnsweredList {
  readonly caseId: CaseId;
  readonly messages: readonly AnsweredMessage[];
}

export interface UpstreamContent {
  readonly lists: readonly AnsweredList[];
  /** `imstatus`, without the empty entries. */
  readonly statuses: readonly { readonly caseId: CaseId; readonly status: number }[];
}

/** `last_message_time_id` and what came with it. `unchanged`: messages and statuses are those of the known digest. */
export type PollAnswer = {
  readonly cursor: Cursor | null;
  /** How long the request waited for a token and a connection before it was sent, ms; absent: not at all. */
  readonly waitedMs?: number;
} & (
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'content'; readonly digest: string; readonly content: UpstreamContent }
);

/** The polled API. */
export interface Upstream {
  /**
   * Sends one request. It must settle within `UPSTREAM_TIMEOUT_MS`.
   *
   * @throws {UpstreamFailure} for everything that is not an answer, HTTP 200 with an `error_code` included
   */
  poll(request: PollRequest): Promise<PollAnswer>;
}
