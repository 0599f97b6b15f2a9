import { randomBytes } from 'node:crypto';
import { type Clock } from '../clock.js';
import { type Quirks } from '../quirks.js';

export interface IssuedToken {
  readonly token: string;
  /** Milliseconds since the epoch. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** Invalid tokens that are remembered at most; beyond this the oldest are forgotten. */
const MAX_ISSUED = 10_000;
/** Length of issued tokens, characters. Real ones are as long, so a client must not have a shorter buffer. */
const TOKEN_BYTES = 900;

/** The valid tokens: the configured one, and those that IAM has issued, until they expire. */
export class Tokens {
  /** When each issued token ends. */
  private readonly issued = new Map<string, number>();

  /** @param fixed the token of the settings; if it is empty, every token is valid unless it was invalidated */
  constructor(
    private readonly fixed: string,
    private readonly clock: Clock,
    private readonly quirks: Quirks,
  ) {}

  issue(): IssuedToken {
    const issuedAt = this.clock.now();
    const expiresAt = issuedAt + this.quirks.current.token_lifetime_s * 1_000;
    const token = `MII${randomBytes(TOKEN_BYTES).toString('base64url')}`;
    this.issued.set(token, expiresAt);
    for (const oldest of this.issued.keys()) {
      if (this.issued.size <= MAX_ISSUED) break;
      this.issued.delete(oldest);
    }
    return { token, issuedAt, expiresAt };
  }

  accepts(token: string): boolean {
    const expiresAt = this.issued.get(token);
    if (expiresAt !== undefined) return this.clock.now() < expiresAt;
    return this.fixed === '' || token === this.fixed;
  }

  /** Invalidates an issued token before its end, as a changed password does. Other tokens stay valid: nothing renews them. */
  revoke(token: string): void {
    if (this.issued.has(token)) this.issued.set(token, 0);
  }

  reset(): void {
    this.issued.clear();
  }
}
