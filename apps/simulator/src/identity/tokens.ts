import { randomBytes } from 'node:crypto';
import { type Clock } from '../clock.js';
import { type Quirks } from '../quirks.js';

export interface IssuedToken {
  readonly token: string;
  /** Milliseconds since the epoch. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** Most invalid tokens that are kept; beyond this the oldest are forgotten. */
const MAX_ISSUED = 10_000;
/** Length of issued tokens, characters. Real ones are as long, so a client must not have a shorter buffer. */
const TOKEN_BYTES = 900;

/** Tokens that may read some tickets only: the tickets of each. `*` alone stands for all tickets. */
export type ReaderTokens = Readonly<Record<string, readonly string[]>>;

/**
 * The valid tokens: the configured one, those that IAM has issued, until they expire, and those that may read some
 * tickets only.
 */
export class Tokens {
  /** When each issued token ends. */
  private readonly issued = new Map<string, number>();
  private limited: ReadonlyMap<string, ReadonlySet<string>> = new Map();

  /**
   * @param fixed the token of the settings; if it is empty, every token is valid unless it was invalidated
   * @param readers at the start and after a reset
   */
  constructor(
    private readonly fixed: string,
    private readonly clock: Clock,
    private readonly quirks: Quirks,
    private readonly readers: ReaderTokens = {},
  ) {
    this.limit(readers);
  }

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

  /** The tokens that may read some tickets only. */
  get limits(): ReaderTokens {
    return Object.fromEntries([...this.limited].map(([token, caseIds]) => [token, [...caseIds]]));
  }

  /** Replaces the tokens that may read some tickets only. One that is not among them any more is as any other token. */
  limit(readers: ReaderTokens): void {
    this.limited = new Map(Object.entries(readers).map(([token, caseIds]) => [token, new Set(caseIds)]));
  }

  /** @param token undefined for a signed request, which may read everything */
  mayRead(token: string | undefined, caseIds: readonly string[]): boolean {
    const limit = token === undefined ? undefined : this.limited.get(token);
    return limit === undefined || limit.has('*') || caseIds.every((caseId) => limit.has(caseId));
  }

  accepts(token: string): boolean {
    if (this.limited.has(token)) return true;
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
    this.limit(this.readers);
  }
}
