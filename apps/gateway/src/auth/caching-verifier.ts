import { hash } from 'node:crypto';
import type { Rights } from './rights.js';
import { TokenVerifier } from './token-verifier.js';

/** Most bytes that all cached tokens may take. The rights of a token take about as many bytes as its claims. */
const CACHE_MAX_BYTES = 16_777_216;
/** Bytes that one cached token takes on top of its claims: digest, place in the map, objects of its rights. */
const TOKEN_BYTES = 512;
/** How often expired tokens are removed, ms. */
const FORGET_EVERY_MS = 60_000;

interface CachedToken {
  readonly rights: Rights;
  readonly bytes: number;
}

/**
 * Caches the rights of tokens, by their digest, until the tokens expire. Clients connect again with the same token,
 * after a restart all at once. It is for tokens signed with a shared secret only: the secret does not change while the
 * process runs. A published key can be withdrawn.
 */
export class CachingVerifier extends TokenVerifier {
  /** In the order in which they were verified, the oldest first. */
  private readonly tokens = new Map<string, CachedToken>();
  private bytes = 0;
  private forgetAt = 0;

  constructor(
    private readonly verifier: TokenVerifier,
    /** Milliseconds since 1970. */
    private readonly now: () => number = Date.now,
    private readonly maxBytes = CACHE_MAX_BYTES,
  ) {
    super();
  }

  /** What all cached tokens take, bytes. */
  get cachedBytes(): number {
    return this.bytes;
  }

  override recognize(token: string | undefined): Rights | null {
    if (token === undefined) {
      return this.verifier.recognize(token);
    }
    const digest = digestOf(token);
    const cached = this.cached(digest);
    if (cached !== null) {
      return cached;
    }
    const rights = this.verifier.recognize(token);
    if (rights !== null) {
      this.cache(digest, token, rights);
    }
    return rights;
  }

  async verify(token: string | undefined): Promise<Rights> {
    if (token === undefined) {
      return this.verifier.verify(token);
    }
    const digest = digestOf(token);
    const cached = this.cached(digest);
    if (cached !== null) {
      return cached;
    }
    const rights = await this.verifier.verify(token);
    this.cache(digest, token, rights);
    return rights;
  }

  private cached(digest: string): Rights | null {
    this.forgetExpired();
    const known = this.tokens.get(digest)?.rights;
    return known !== undefined && this.now() < known.expiresAt ? known : null;
  }

  private cache(digest: string, token: string, rights: Rights): void {
    this.forget(digest);
    const entry = { rights, bytes: token.length + TOKEN_BYTES };
    this.tokens.set(digest, entry);
    this.bytes += entry.bytes;
    for (const oldest of this.tokens.keys()) {
      if (this.bytes <= this.maxBytes) {
        return;
      }
      this.forget(oldest);
    }
  }

  private forgetExpired(): void {
    const now = this.now();
    if (now >= this.forgetAt) {
      this.forgetAt = now + FORGET_EVERY_MS;
      this.tokens.forEach(({ rights }, digest) => now >= rights.expiresAt && this.forget(digest));
    }
  }

  private forget(digest: string): void {
    this.bytes -= this.tokens.get(digest)?.bytes ?? 0;
    this.tokens.delete(digest);
  }
}

function digestOf(token: string): string {
  return hash('sha256', token, 'binary');
}
