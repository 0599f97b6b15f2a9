import {
  createLocalJWKSet,
  errors,
  type FlattenedJWSInput,
  type JSONWebKeySet,
  type JWSHeaderParameters,
  type KeyLike,
} from 'jose';

/** Published keys, as jose finds one of them for a token. */
type KeySet = (header: JWSHeaderParameters, token: FlattenedJWSInput) => Promise<KeyLike>;

interface HeldKeys {
  readonly keys: KeySet;
  /** Milliseconds of the monotonic clock. */
  readonly fetchedAt: number;
}

/** Keys are fetched again after this, ms. */
const FRESH_MS = 600_000;
/** While they cannot be fetched, the last ones are used for this long, ms: a key that was withdrawn ends by then. */
const KEPT_MS = 86_400_000;
/** Between two fetches, ms. No client can shorten it: a token with an unknown key id is free to make up. */
const BETWEEN_FETCHES_MS = 5000;

/** A key that is not known, and may not be asked for again yet: it may have been published a moment ago. */
export class KeyNotKnownYet extends Error {
  override readonly name = 'KeyNotKnownYet';

  constructor(
    /** When it can be told, ms. */
    readonly retryMs: number,
  ) {
    super(`the keys were fetched a moment ago, and are fetched again in ${retryMs} ms`);
  }
}

export interface PublishedKeysParts {
  /** Must settle within the time that a client waits for an answer. */
  readonly fetchKeys: () => Promise<JSONWebKeySet>;
  /** Hears of each fetch, and with the first that failed after one that did not, why. */
  readonly onFetched: (failure: { readonly error: unknown; readonly isNew: boolean } | null) => void;
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number;
}

/**
 * The keys that an identity provider publishes (JWKS). They are fetched once for all tokens that wait, again when a token
 * names a key that is not among them, and kept while the provider is away.
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

  /** Since the keys that are used were fetched, ms; null where there are none. */
  get ageMs(): number | null {
    return this.held === null ? null : this.now() - this.held.fetchedAt;
  }

  /**
   * @throws what the fetch threw where no keys are at hand; {@link KeyNotKnownYet}; what jose throws where none of them
   *   fits the token, or several do
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

  /** Fetches the keys again, for a token that fits none. @throws {KeyNotKnownYet}, and what the fetch threw */
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
        this.fetched().catch(() => undefined); // Nobody waits for it: the old ones are good.
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
