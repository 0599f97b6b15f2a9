import type { CursorHistory } from '../cursor-history.js';
import type { ListingOrder, DeltaEntry } from '../delta.js';
import type { UpstreamFailureCode } from '../../model/upstream-failure.js';
import type { Bisection } from '../bisection.js';
import type { SetRef } from '../../model/set-ref.js';
import type { SetLease } from '../set-lease.js';
import type { TicketSet } from '../ticket-set.js';
import type { CaseId } from '../../model/ticket.js';

/** The answer to a request for a set's lease. All times in milliseconds since 1970. */
export type Begun =
  | { readonly kind: 'begun'; readonly set: TicketSet }
  /** Another worker has the lease until then. */
  | { readonly kind: 'busy'; readonly until: number }
  /** The set has ended: no ticket of it is wanted, or it was merged into another set. */
  | { readonly kind: 'gone' };

/** The result of one poll, or a part of one. */
export interface SetCommit {
  readonly ref: SetRef;
  /** The fence that the poll began with. */
  readonly fence: number;
  readonly now: number;
  /**
   * About {@link COMMIT_MAX_ENTRIES} at most. The store skips what it knows to be delivered: messages by their identity
   * first; of the others of a class, as many as were delivered of this class and are not here by their identity. A class
   * is whole: it has all messages of the answer.
   */
  readonly entries: readonly DeltaEntry[];
  /** What the poll taught about the set; absent while more parts are to come. */
  readonly learned?: {
    readonly cursorHistory: CursorHistory | null;
    readonly answerDigest: string | null;
    readonly order: ListingOrder;
  };
  /** Joining tickets that were polled from the beginning: they are members now. Their quarantine ends. */
  readonly backfilled: readonly CaseId[];
  /** The bisection after this poll, null if it is over; absent: no change. */
  readonly bisection?: Bisection | null;
  /** What happens to the lease; absent: it ends. */
  readonly lease?: LeaseAfterCommit;
  /** When the set is next due: `active` if anything was published, else `idle`; absent: no change. */
  readonly due?: { readonly active: number; readonly idle: number };
}

export type LeaseAfterCommit =
  /** Another part of the result follows: the lease lasts until then, ms since 1970. */
  | { readonly kind: 'extend'; readonly until: number }
  /**
   * Its owner polls the set again when it is due. The lease lasts until `leaseMs` after that, unless the set is due
   * later than {@link RESERVATION_MAX_MS}, or reservations are suspended: then it ends.
   */
  | { readonly kind: 'reserve'; readonly leaseMs: number };

export type Committed =
  | {
      readonly kind: 'committed';
      readonly fence: number;
      /** Number of entries that were published. */
      readonly published: number;
      /** When the set's members are next due. */
      readonly dueAt: number;
      /** Whether the owner keeps the lease until the set is due. */
      readonly reserved: boolean;
      /** Tickets joined while the poll ran: they are to be backfilled at once. */
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
  /** The bisection after this poll; null if it is over. */
  readonly bisection: Bisection | null;
  /** Tickets that were found to be refused. */
  readonly quarantined: readonly CaseId[];
  /** When the set is next due; absent: no change. With a `code` the failure is told to the feed's clients. */
  readonly retry?: { readonly at: number; readonly code?: UpstreamFailureCode };
}

/** A commit of this many entries blocks Redis for about a millisecond. A larger result is committed in parts. */
export const COMMIT_MAX_ENTRIES = 200;

/** From this many failed polls of a set in a row on, its feed is degraded. A single failure is not told. */
export const DEGRADED_AFTER_FAILURES = 2;

/** The workers' side of the store: cursors, leases, fences, commits. */
export interface SetStore {
  /**
   * Takes the lease of a set for one poll, and moves its fence. An owner may take its own lease again.
   *
   * @param now ms since 1970
   */
  begin(ref: SetRef, now: number, lease: SetLease): Promise<Begun>;
  /** Ends the lease of a set, if it is that owner's. */
  release(ref: SetRef, owner: string): Promise<void>;
  /** One atomic step (invariant 2): compare the fence, publish, record what is delivered, advance. */
  commit(commit: SetCommit): Promise<Committed>;
  /** Counts a failed poll, ends the lease, and tells the feed if its state changed. A stale fence changes nothing. */
  fail(failure: PollFailure): Promise<void>;
  /**
   * Ends the lease and keeps the bisection. A ticket that was found to be refused leaves the set, and its clients get
   * `revoked`. After {@link quarantineMs} it is polled again, in a set of its own. A `retry` counts as a failed poll. A
   * stale fence changes nothing.
   */
  recordBisection(step: BisectionStep): Promise<void>;
}
