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
/** Between two fetches, ms, whoever asks: a token with an unknown key id is free to make up. */
const BETWEEN_FETCHES_MS = 5000;

/**
 * The keys that an identity provider publishes (JWKS). They are fetched once for all tokens that wait, again when a token
 * names a key that is not among them, and kept while the provider is away.
 */
export class PublishedKeys {
  private held: HeldKeys | null = null;
  private fetching: Promise<KeySet> | null = null;
  private fetchedAt = Number.NEGATIVE_INFINITY;
  private failure: unknown;

  /**
   * @param fetchKeys must settle within the time that a client waits for an answer
   * @param onError hears of each failed fetch
   * @param now milliseconds of a monotonic clock
   */
  constructor(
    private readonly fetchKeys: () => Promise<JSONWebKeySet>,
    private readonly onError: (error: unknown) => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** @throws what the fetch threw where no keys are at hand; what jose throws where none of them fits the token */
  readonly find: KeySet = async (header, token) => {
    const keys = await this.current();
    try {
      return await keys(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || !this.mayFetch()) {
        throw error;
      }
      return (await this.fetched())(header, token);
    }
  };

  private async current(): Promise<KeySet> {
    const age = this.held === null ? Infinity : this.now() - this.held.fetchedAt;
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

  /** Whoever comes while a fetch is under way waits for it. */
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
      const keys: KeySet = createLocalJWKSet(await this.fetchKeys());
      this.held = { keys, fetchedAt: this.fetchedAt };
      return keys;
    } catch (error) {
      this.failure = error;
      this.onError(error);
      throw error;
    }
  }
}
