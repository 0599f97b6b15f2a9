/** Why a poll brought no answer. */
export type UpstreamFailureCode =
  'unauthorized' | 'refused' | 'doubted' | 'rejected' | 'throttled' | 'unavailable' | 'timeout' | 'malformed';

/**
 * What follows from a failed poll. In all cases the cursor does not move (invariant 5). Clients of the feed get
 * `upstream`
 * `degraded` after the second failed poll of a set in a row, and `ok` after the next answer.
 */
export interface UpstreamFailureRule {
  /**
   * `own`: this set is polled again after `retryDelay`, or after `Retry-After` if that is longer. `account`: the same, and
   * no worker sends a request in that time. `bisect`: a bisection of the set begins. It ends with one ticket in
   * quarantine, whose clients get `revoked`, or with a degraded feed if the upstream answers for no ticket. `try_cursor`:
   * the same, but before that the set is polled with an older cursor and with none.
   */
  readonly retry: 'own' | 'account' | 'bisect' | 'try_cursor';
  /** The `reason` of `upstream` that clients get. */
  readonly reason: string;
}

/** The closed table of upstream failures. Its keys are also the labels under which they are counted. */
export const UPSTREAM_FAILURES: Readonly<Record<UpstreamFailureCode, UpstreamFailureRule>> = {
  unauthorized: { retry: 'own', reason: 'upstream_unauthorized' },
  // No permission, or no such ticket: for one ticket, or for all tickets of the account.
  refused: { retry: 'bisect', reason: 'upstream_refused' },
  // Bad parameters: the cursor, one malformed ticket id, or a parameter that all requests have.
  doubted: { retry: 'try_cursor', reason: 'upstream_rejected' },
  rejected: { retry: 'own', reason: 'upstream_rejected' },
  throttled: { retry: 'account', reason: 'upstream_throttled' },
  unavailable: { retry: 'own', reason: 'upstream_unavailable' },
  timeout: { retry: 'own', reason: 'upstream_timeout' },
  malformed: { retry: 'own', reason: 'upstream_malformed' },
};

/** A poll that brought no answer. Its message names codes and sizes, never contents or secrets (invariant 10). */
export class UpstreamFailure extends Error {
  override readonly name = 'UpstreamFailure';

  constructor(
    readonly code: UpstreamFailureCode,
    message: string,
    /** What the upstream asked for in `Retry-After`, in milliseconds. */
    readonly retryAfterMs?: number,
    /** The upstream's own name of the request, where it gave one. */
    readonly requestId?: string,
  ) {
    super(message);
  }
}
