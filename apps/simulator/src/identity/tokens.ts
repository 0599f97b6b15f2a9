import { randomBytes } from 'node:crypto';
import { type Clock } from '../clock.js';
import { type Quirks } from '../quirks.js';

export interface IssuedToken {
  readonly token: string;
  /** Milliseconds since the epoch. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** Dead tokens are remembered so that they stay dead; past this many the oldest are forgotten. */
const MAX_ISSUED = 10_000;
/** Real ones are a thousand characters and more: a client must not have a short buffer for them. */
const TOKEN_BYTES = 900;

/** Which tokens are right: the configured one, and those that IAM issued until they expire. */
export class Tokens {
  /** When each issued token ends. */
  private readonly issued = new Map<string, number>();

  /** @param fixed the token of the settings; empty: any token is right unless it is known to be dead */
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

  /** Ends an issued token before its time, as a changed password does. Others are left alone: nothing could renew them. */
  revoke(token: string): void {
    if (this.issued.has(token)) this.issued.set(token, 0);
  }

  reset(): void {
    this.issued.clear();
  }
}
