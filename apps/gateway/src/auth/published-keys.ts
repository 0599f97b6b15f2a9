import {
  createLocalJWKSet,
  errors,
  type FlattenedJWSInput,
  type JSONWebKeySet,
  type JWSHeaderParameters,
  type KeyLike,
} from 'jose';

/** jose's function that finds the key of a token in a set of published keys. */
type KeySet = (header: JWSHeaderParameters, token: FlattenedJWSInput) => Promise<KeyLike>;

interface HeldKeys {
  readonly keys: KeySet;
  /** Milliseconds of the monotonic clock. */
  readonly fetchedAt: number;
}

/** Keys are fetched again after this, ms. */
const FRESH_MS = 600_000;
/**
 * While keys cannot be fetched, the last ones are used for this long, ms. A withdrawn key is accepted no longer than
 * that.
 */
const KEPT_MS = 86_400_000;
/** Least time between two fetches, ms. No client can shorten it: anybody can invent tokens with unknown key ids. */
const BETWEEN_FETCHES_MS = 5000;

/**
 * The key of a token is not known, and the keys may not be fetched again yet. The key may have been published a moment
 * ago.
 */
export class KeyNotKnownYet extends Error {
  override readonly name = 'KeyNotKnownYet';

  constructor(
    /** When the keys may be fetched again, ms from now. */
    readonly retryMs: number,
  ) {
    super(`the keys were fetched a moment ago, and are fetched again in ${retryMs} ms`);
  }
}

export interface PublishedKeysParts {
  /** It must settle within the time that a client waits for an answer. */
  readonly fetchKeys: () => Promise<JSONWebKeySet>;
  /** Called after each fetch: null, or its failure. `isNew`: the fetch before did not fail. */
  readonly onFetched: (failure: { readonly error: unknown; readonly isNew: boolean } | null) => void;
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number;
}

/**
 * The keys that an identity provider publishes (JWKS). One fetch serves all tokens that wait. A token with an unknown
 * key causes another fetch. The last keys are kept while the provider is out of reach.
 */
export class PublishedKeys {
  private held: HeldKeys | null = null;
  private fetching: Promise<KeySet> | null = null;
  private fetchedAt = Number.NEGATIVE_INFINITY;
  private failure: unknown = null;
  private readonly now: () => number;

  constructor(private readonly parts: PublishedKeysParts) {
    this.now = parts.now ?? (() => performance.now());
  }

  /** Age of the keys in use, ms; null if there are none. */
  get ageMs(): number | null {
    return this.held === null ? null : this.now() - this.held.fetchedAt;
  }

  /**
   * @throws the error of the fetch if there are no keys; {@link KeyNotKnownYet}; the error of jose if no key fits the
   *   token, or several do
   */
  readonly find: KeySet = async (header, token) => {
    const cameAt = this.now();
    const keys = await this.current();
    try {
      return await keys(header, token);
    } catch (error) {
      const isNew = (this.held?.fetchedAt ?? 0) >= cameAt;
      if (!(error instanceof errors.JWKSNoMatchingKey) || isNew) {
        throw error;
      }
      return (await this.renewed())(header, token);
    }
  };

  /** Fetches the keys again, for a token that fits none. @throws {KeyNotKnownYet}, and the error of the fetch */
  async renew(): Promise<void> {
    await this.renewed();
  }

  private renewed(): Promise<KeySet> {
    if (!this.mayFetch()) {
      throw new KeyNotKnownYet(Math.ceil(this.fetchedAt + BETWEEN_FETCHES_MS - this.now()));
    }
    return this.fetched();
  }

  private async current(): Promise<KeySet> {
    const age = this.ageMs ?? Infinity;
    if (this.held !== null && age < KEPT_MS) {
      if (age >= FRESH_MS && this.mayFetch()) {
        this.fetched().catch(() => undefined); // No token waits for this fetch: the old keys are still used.
      }
      return this.held.keys;
    }
    if (!this.mayFetch()) {
      throw this.failure;
    }
    return this.fetched();
  }

  /** A call during a fetch waits for the same fetch. */
  private mayFetch(): boolean {
    return this.fetching !== null || this.now() - this.fetchedAt >= BETWEEN_FETCHES_MS;
  }

  private fetched(): Promise<KeySet> {
    this.fetching ??= this.fetch().finally(() => (this.fetching = null));
    return this.fetching;
  }

  private async fetch(): Promise<KeySet> {
    this.fetchedAt = this.now();
    try {
      const keys: KeySet = createLocalJWKSet(await this.parts.fetchKeys());
      this.held = { keys, fetchedAt: this.fetchedAt };
      this.failure = null;
      this.parts.onFetched(null);
      return keys;
    } catch (error) {
      this.parts.onFetched({ error, isNew: this.failure === null });
      this.failure = error;
      throw error;
    }
  }
}
