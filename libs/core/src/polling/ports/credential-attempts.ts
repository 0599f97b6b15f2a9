/** What the upstream may refuse: a name and a password for IAM, or the key that signs requests. */
export type CredentialKind = 'login' | 'signature';

export interface AttemptLimits {
  /** So many attempts of the whole deployment may be refused within the window. */
  readonly refusals: number;
  /** How long a refused attempt counts, ms. */
  readonly windowMs: number;
}

/**
 * IAM locks an account after 3 to 10 refused logins. A key is blocked for five minutes after more than five refused
 * signatures in a row; but a signature may also be refused for a moment, so its next attempt is not that far away.
 */
export const ATTEMPT_LIMITS: Readonly<Record<CredentialKind, AttemptLimits>> = {
  login: { refusals: 3, windowMs: 900_000 },
  signature: { refusals: 1, windowMs: 60_000 },
};

/** Whether credentials may be tried now. */
export type AttemptPermit =
  /** Try, and tell the outcome under this name. */
  | { readonly kind: 'granted'; readonly attempt: string }
  /** Others try at this moment, and may be refused: ask again soon. */
  | { readonly kind: 'busy' }
  /** Too many were refused: ask again after so many ms at the latest. */
  | { readonly kind: 'withheld'; readonly ms: number };

/** `unknown`: there was no answer, or it does not say. */
export type AttemptOutcome = 'accepted' | 'refused' | 'unknown';

/**
 * What all workers together know of refused credentials of one {@link CredentialKind}. Each worker by itself would try a
 * wrong password again, until the account is locked for everybody.
 */
export interface CredentialAttempts {
  /**
   * Asks for one attempt. No more are granted than may be refused ({@link ATTEMPT_LIMITS}). Credentials that nobody has
   * tried within the window get one attempt more, so that a corrected password works at once.
   *
   * @param credentials a digest that names them and cannot be turned back into them
   * @param now ms since 1970
   * @param endsWithinMs an attempt whose outcome is not told within that is forgotten: its process has ended
   * @throws where the store is out of reach
   */
  begin(credentials: string, now: number, endsWithinMs: number): Promise<AttemptPermit>;
  /**
   * Tells what became of an attempt. Accepted credentials have no refused attempts any more.
   * @throws where the store is out of reach
   */
  end(credentials: string, attempt: string, outcome: AttemptOutcome, now: number): Promise<void>;
}
