/** Why a poll brought no answer. */
export type UpstreamFailureCode =
  'unauthorized' | 'refused' | 'doubted' | 'rejected' | 'throttled' | 'unavailable' | 'timeout' | 'malformed';

/** What follows from a failed poll. */
export interface UpstreamFailureRule {
  /** Nothing of a failed poll counts as seen (invariant 5). */
  readonly cursor: 'stays';
  /**
   * `own`: this set alone is asked for again after `retryDelay`, or `Retry-After` where that is longer. `account`: and
   * nobody asks anything of the upstream for as long. `bisect`: half of the set is asked for at once, and so on, until the
   * ticket is found because of which the upstream refuses; nobody is blamed before it answered for others.
   */
  readonly retry: 'own' | 'account' | 'bisect';
  /**
   * What clients hear: `upstream` `degraded` from the second failed poll of a set in a row on and `ok` from the next
   * answer on; or `either` that, where the upstream refuses everything, or `revoked`, those of the one ticket that the
   * search finds.
   */
  readonly told: 'degraded' | 'either';
  /** What clients are told in `upstream.reason`. */
  readonly reason: string;
}

/** The closed table of upstream failures. Its keys are also the labels under which they are counted. */
export const UPSTREAM_FAILURES: Readonly<Record<UpstreamFailureCode, UpstreamFailureRule>> = {
  unauthorized: { cursor: 'stays', retry: 'own', told: 'degraded', reason: 'upstream_unauthorized' },
  // No permission, or no such ticket: of one ticket, or of all that the account asks for.
  refused: { cursor: 'stays', retry: 'bisect', told: 'either', reason: 'upstream_refused' },
  // Bad parameters: one malformed ticket, or all that we ask.
  doubted: { cursor: 'stays', retry: 'bisect', told: 'either', reason: 'upstream_rejected' },
  rejected: { cursor: 'stays', retry: 'own', told: 'degraded', reason: 'upstream_rejected' },
  throttled: { cursor: 'stays', retry: 'account', told: 'degraded', reason: 'upstream_throttled' },
  unavailable: { cursor: 'stays', retry: 'own', told: 'degraded', reason: 'upstream_unavailable' },
  timeout: { cursor: 'stays', retry: 'own', told: 'degraded', reason: 'upstream_timeout' },
  malformed: { cursor: 'stays', retry: 'own', told: 'degraded', reason: 'upstream_malformed' },
};

/** A poll that brought no answer. Its message names codes and sizes, never contents or secrets (invariant 10). */
export class UpstreamFailure extends Error {
  override readonly name = 'UpstreamFailure';

  constructor(
    readonly code: UpstreamFailureCode,
    message: string,
    /** What the upstream asked for in `Retry-After`, in milliseconds. */
    readonly retryAfterMs?: number,
  ) {
    super(message);
  }
}
