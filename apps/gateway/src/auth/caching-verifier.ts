import { createHash } from 'node:crypto';
import { BoundedMap } from '#core';
import type { Rights } from './rights.js';
import { TokenVerifier } from './token-verifier.js';

/** How many tokens are remembered. */
const CACHED_TOKENS = 10_000;

/**
 * Remembers what tokens allow, by their digest, until they expire: clients come back with the token that they had, all at
 * once after a restart. Only for verdicts that nothing but time changes: a shared secret cannot be withdrawn while the
 * process lives, a published key can.
 */
export class CachingVerifier extends TokenVerifier {
  private readonly known = new BoundedMap<string, Rights>(CACHED_TOKENS);

  constructor(
    private readonly verifier: TokenVerifier,
    /** Milliseconds since 1970. */
    private readonly now: () => number = Date.now,
  ) {
    super();
  }

  async verify(token: string | undefined): Promise<Rights> {
    if (token === undefined) {
      return this.verifier.verify(token);
    }
    const digest = createHash('sha256').update(token).digest('binary');
    const known = this.known.get(digest);
    if (known !== undefined && this.now() < known.expiresAt) {
      return known;
    }
    const rights = await this.verifier.verify(token);
    this.known.set(digest, rights);
    return rights;
  }
}
