import type { SetRef } from '../../model/set-ref.js';
import type { CaseId } from '../../model/ticket.js';
import type { UpstreamFailure } from '../../model/upstream-failure.js';

/** What core counts while polling. Durations in milliseconds. */
export interface PollTelemetry {
  /** A poll was answered and committed: of members, a backfill, or a step of a bisection. */
  polled(poll: {
    readonly ref: SetRef;
    /** Time from the due time until the request left, when it had its turn, a token and a connection; null if the poll had no due time: a step, moved tickets. */
    readonly lagMs: number | null;
    /** Time from then to the parsed answer. */
    readonly upstreamMs: number;
    /** Time from then until the result was committed. */
    readonly commitMs: number;
    /** Number of published messages and statuses. */
    readonly published: number;
  }): void;
  /** A poll brought no answer. @param sentAt when it began, ms since 1970 */
  failed(ref: SetRef, failure: UpstreamFailure, sentAt: number): void;
  /** A ticket that the upstream refuses was found. */
  quarantined(ref: SetRef, caseId: CaseId): void;
  /** The upstream refused the cursor of a set, and answered from an older one or from the beginning. */
  cursorRefused(): void;
  /** A result was discarded because another commit came first, or the set was taken. */
  discarded(reason: 'conflict' | 'busy' | 'gone'): void;
}
