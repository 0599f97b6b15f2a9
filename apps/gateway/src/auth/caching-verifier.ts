import { createHash } from 'node:crypto';
import type { Rights } from './rights.js';
import { TokenVerifier } from './token-verifier.js';

/** What all remembered tokens may take, bytes. What a token allows takes as much as its claims, which is most of it. */
const REMEMBERED_MAX_BYTES = 16_777_216;
/** What one takes beside its claims, bytes: its digest, its place, its rights. */
const TOKEN_BYTES = 512;
/** How often tokens that have expired are forgotten, ms. */
const FORGET_EVERY_MS = 60_000;

interface Remembered {
  readonly rights: Rights;
  readonly bytes: number;
}

/**
 * Remembers what tokens allow, by their digest, until they expire: clients come back with the token that they had, all at
 * once after a restart. Only for verdicts that nothing but time changes: a shared secret cannot be withdrawn while the
 * process lives, a published key can.
 */
export class CachingVerifier extends TokenVerifier {
  /** The one that was verified the longest ago comes first. */
  private readonly known = new Map<string, Remembered>();
  private bytes = 0;
  private forgetAt = 0;

  constructor(
    private readonly verifier: TokenVerifier,
    /** Milliseconds since 1970. */
    private readonly now: () => number = Date.now,
    private readonly maxBytes = REMEMBERED_MAX_BYTES,
  ) {
    super();
  }

  /** How much is remembered, bytes. */
  get rememberedBytes(): number {
    return this.bytes;
  }

  async verify(token: string | undefined): Promise<Rights> {
    if (token === undefined) {
      return this.verifier.verify(token);
    }
    this.forgetExpired();
    const digest = createHash('sha256').update(token).digest('binary');
    const known = this.known.get(digest)?.rights;
    if (known !== undefined && this.now() < known.expiresAt) {
      return known;
    }
    const rights = await this.verifier.verify(token);
    this.remember(digest, { rights, bytes: token.length + TOKEN_BYTES });
    return rights;
  }

  private remember(digest: string, remembered: Remembered): void {
    this.forget(digest);
    this.known.set(digest, remembered);
    this.bytes += remembered.bytes;
    for (const oldest of this.known.keys()) {
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
      this.known.forEach(({ rights }, digest) => now >= rights.expiresAt && this.forget(digest));
    }
  }

  private forget(digest: string): void {
    this.bytes -= this.known.get(digest)?.bytes ?? 0;
    this.known.delete(digest);
  }
}
