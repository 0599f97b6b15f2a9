/** `login`: user name and password for IAM. `signature`: the access key that signs requests. */
export type CredentialKind = 'login' | 'signature';

export interface AttemptLimits {
  /** Largest number of refused attempts of the whole deployment within the window. */
  readonly refusals: number;
  /** How long a refused attempt counts, ms. */
  readonly windowMs: number;
}

/**
 * IAM locks an account after 3 to 10 refused logins. The upstream locks a key for five minutes after more than five refused
 * signatures in a row. It may also refuse a right signature for a moment, so the next attempt with a key comes sooner.
 */
export const ATTEMPT_LIMITS: Readonly<Record<CredentialKind, AttemptLimits>> = {
  login: { refusals: 3, windowMs: 900_000 },
  signature: { refusals: 1, windowMs: 60_000 },
};

/** Whether credentials may be tried now. */
export type AttemptPermit =
  /** Try, and tell the outcome under this name. */
  | { readonly kind: 'granted'; readonly attempt: string }
  /** Other workers try now, and may be refused: ask again soon. */
  | { readonly kind: 'busy' }
  /** Too many were refused. The next attempt is possible after `ms` milliseconds. */
  | { readonly kind: 'withheld'; readonly ms: number };

/** `unknown`: there was no answer, or the answer says nothing about the credentials. */
export type AttemptOutcome = 'accepted' | 'refused' | 'unknown';

/**
 * What all workers together know of refused credentials of one {@link CredentialKind}. Without that, each worker would try a
 * wrong password again, until the account is locked for everybody.
 */
export interface CredentialAttempts {
  /**
   * Asks for one attempt. The attempts that were refused and those without an outcome are together no more than
   * {@link ATTEMPT_LIMITS}. Credentials that nobody has tried within the window get one attempt more, so that a corrected
   * password works at once.
   *
   * @param credentials a digest that names them; they cannot be computed from it
   * @param now ms since 1970
   * @param endsWithinMs an attempt without an outcome is forgotten after this time, ms: its process has ended
   * @throws if the store is out of reach
   */
  begin(credentials: string, now: number, endsWithinMs: number): Promise<AttemptPermit>;
  /**
   * Records the outcome of an attempt. Accepted credentials have no refused attempts any more.
   *
   * @throws if the store is out of reach
   */
  end(credentials: string, attempt: string, outcome: AttemptOutcome, now: number): Promise<void>;
}
