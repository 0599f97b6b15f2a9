/** Why a poll brought no answer. */
export type UpstreamFailureCode =
  'unauthorized' | 'refused' | 'rejected' | 'throttled' | 'unavailable' | 'timeout' | 'malformed';

/** What follows from a failed poll. The cursor stays in every case (invariant 5). */
export interface UpstreamFailureRule {
  /** `own`: this set alone backs off. `account`: nothing is asked of the upstream for a while. */
  readonly pause: 'own' | 'account';
  /** What clients are told in `upstream.reason`. */
  readonly reason: string;
}

/** The closed table of upstream failures. Each row is also the label that the failure is counted under. */
export const UPSTREAM_FAILURES: Readonly<Record<UpstreamFailureCode, UpstreamFailureRule>> = {
  unauthorized: { pause: 'own', reason: 'upstream_unauthorized' },
  refused: { pause: 'own', reason: 'upstream_refused' },
  rejected: { pause: 'own', reason: 'upstream_rejected' },
  throttled: { pause: 'account', reason: 'upstream_throttled' },
  unavailable: { pause: 'own', reason: 'upstream_unavailable' },
  timeout: { pause: 'own', reason: 'upstream_timeout' },
  malformed: { pause: 'own', reason: 'upstream_malformed' },
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

/** Why a client's request was refused. The wire codes of the contract, section 3. */
export type RefusalCode = 'invalid' | 'unauthorized' | 'forbidden' | 'too_many' | 'unavailable';

/** A request that is answered with an error; the connection lives on. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly code: RefusalCode,
    message: string,
    readonly details: {
      /** The tickets that it is about. */
      readonly caseIds?: readonly string[];
      /** When to come back, milliseconds. */
      readonly retryMs?: number;
      /** HTTP status where it is not the code's usual one. */
      readonly status?: number;
    } = {},
  ) {
    super(message);
  }
}
