import type { CursorHistory } from './cursor-history.js';
import type { ListingOrder } from './delta.js';
import type { Bisection } from './bisection.js';
import type { SetRef } from '../model/set-ref.js';
import type { CaseId } from '../model/ticket.js';

/** A ticket set at the beginning of a poll: up to `UPSTREAM_MAX_CASE_IDS` tickets of one feed that share one cursor. */
export interface TicketSet {
  readonly ref: SetRef;
  /** Grows with every change of the set. A commit that names another fence is discarded (invariant 2). */
  readonly fence: number;
  /** Tickets that the cursor covers. */
  readonly members: readonly CaseId[];
  /** Tickets that wait to be polled from the beginning once, so that the cursor covers them too (invariant 4). */
  readonly joining: readonly CaseId[];
  readonly cursorHistory: CursorHistory | null;
  /** Digest of the last committed answer to the members' poll, marked by the release that read it; null before the first. */
  readonly answerDigest: string | null;
  readonly order: ListingOrder;
  /** When the set was last active (publication, hint, arrival), milliseconds since 1970. */
  readonly activeAt: number;
  /** When it is next due, milliseconds since 1970. */
  readonly dueAt: number;
  /** Failed polls in a row. */
  readonly failures: number;
  /** The bisection that looks for a refused ticket; null while there is none. */
  readonly bisection: Bisection | null;
  /**
   * The upstream has shown nothing of any of its tickets, or has refused its only one. Before the first answer: nothing was
   * ever published in its feed.
   */
  readonly isUnknown: boolean;
}
