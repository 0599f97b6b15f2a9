import type { CursorHistory } from '../cursor-history.js';
import type { ListingOrder, DeltaEntry } from '../delta.js';
import type { UpstreamFailureCode } from '../../model/upstream-failure.js';
import type { Bisection } from '../bisection.js';
import type { SetRef } from '../../model/set-ref.js';
import type { TicketSet } from '../ticket-set.js';
import type { CaseId } from '../../model/ticket.js';

/** What became of the wish to poll a set. All times in milliseconds since 1970. */
export type Begun =
  | { readonly kind: 'begun'; readonly set: TicketSet }
  /** Another poll of the set may still be in flight until then. */
  | { readonly kind: 'busy'; readonly until: number }
  /** Nobody wants the set any more, or it was merged into another. */
  | { readonly kind: 'gone' };

/** The result of one poll, or a part of one. */
export interface SetCommit {
  readonly ref: SetRef;
  /** The fence the poll began from. */
  readonly fence: number;
  readonly now: number;
  /** At most {@link COMMIT_MAX_ENTRIES}. What the store knows to be delivered is passed over. */
  readonly entries: readonly DeltaEntry[];
  /** What the poll taught about the set; absent while more parts are to come. */
  readonly learned?: {
    readonly cursorHistory: CursorHistory | null;
    readonly answerDigest: string | null;
    readonly order: ListingOrder;
  };
  /** Tickets that were polled from the beginning: from joining to members. Those that were set apart are back. */
  readonly backfilled: readonly CaseId[];
  /** What remains of the search for a refused ticket; absent: it stays as it is. */
  readonly bisection?: Bisection | null;
  /** What becomes of the set now; absent: anybody may take it. */
  readonly after?: AfterCommit;
  /** When the set is next due if anything was published, and if nothing was. */
  readonly due: { readonly active: number; readonly idle: number };
}

export type AfterCommit =
  /** Another part follows: taken until then. */
  | { readonly kind: 'more'; readonly heldUntil: number }
  /** Its holder polls it again when it is due: reserved until `holdMs` after that, unless it rests for long. */
  | { readonly kind: 'rest'; readonly holder: string; readonly holdMs: number };

/**
 * A set that is due later than this (ms) is not reserved while it rests: others would have to wait that much longer for
 * the set of a worker that died.
 */
export const REST_MAX_MS = 2500;

/**
 * Nobody changes a reserved set but its holder. Where tickets are to leave or to move, no set is reserved for this long
 * (ms), so that each is free between two polls: longer than any reserved rest.
 */
export const UNSETTLED_MS = 4000;

/** What rests for no longer than this (ms) counts as in flight to a hint: it is polled anyway. */
export const REST_MIN_MS = 50;

export type Committed =
  | {
      readonly kind: 'committed';
      readonly fence: number;
      /** How many news were published. */
      readonly published: number;
      /** When the set's members are next due. */
      readonly dueAt: number;
      /** Whether the set stays with its holder until it is due. */
      readonly reserved: boolean;
      /** Tickets came to join while the poll ran: they want to be primed at once. */
      readonly joining: boolean;
    }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'gone' };

export interface PollFailure {
  readonly ref: SetRef;
  readonly fence: number;
  readonly now: number;
  readonly code: UpstreamFailureCode;
  readonly dueAt: number;
}

/** What a refused poll taught about a set. */
export interface BisectionStep {
  readonly ref: SetRef;
  readonly fence: number;
  readonly now: number;
  /** Where to look next; null where the search is over. */
  readonly bisection: Bisection | null;
  /** Tickets that were found to be refused. */
  readonly quarantined: readonly CaseId[];
  /** When the set is next due; absent: as before. The feed is told of the failure where it is named. */
  readonly retry?: { readonly at: number; readonly code?: UpstreamFailureCode };
}

/** A commit of this many news blocks Redis for about a millisecond; more are committed in parts. */
export const COMMIT_MAX_ENTRIES = 200;

/** From this many failed polls of a set in a row on, its feed is told to be degraded: one blip is not news. */
export const DEGRADED_AFTER_FAILURES = 2;

/** The workers' side of the store: cursors, fences, commits. */
export interface SetStore {
  /** Takes the set for one poll until `heldUntil`. What `holder` reserved for itself it may take. */
  begin(ref: SetRef, now: number, heldUntil: number, holder: string): Promise<Begun>;
  /** Frees a set that was taken with this fence, or that `holder` reserved. Else it changes nothing. */
  release(ref: SetRef, fence: number, holder: string): Promise<void>;
  /** One atomic step (invariant 2): compare the fence, publish, remember, advance. */
  commit(commit: SetCommit): Promise<Committed>;
  /** Counts a failed poll, frees the set, and tells the feed where its state changed. A stale fence changes nothing. */
  fail(failure: PollFailure): Promise<void>;
  /**
   * Frees the set and remembers where to look for a refused ticket. One that was found leaves the set: it is told as
   * revoked, and polled again by itself, in a set of its own, after `apartFor` its refusals in a row. A `retry` counts
   * as a failed poll. A stale fence changes nothing.
   */
  recordBisection(suspicion: BisectionStep): Promise<void>;
}
