import {
  ATTEMPT_LIMITS,
  type AttemptOutcome,
  type AttemptPermit,
  type CredentialAttempts,
  type CredentialKind,
} from '#core';

interface Attempt {
  readonly credentials: string;
  /** Until when it counts, ms since 1970. */
  readonly until: number;
}

/** A separate memory for each kind of credentials. */
export const memoryAttempts = (kind: CredentialKind): CredentialAttempts => new MemoryCredentialAttempts(kind);

export class MemoryCredentialAttempts implements CredentialAttempts {
  private readonly underWay = new Map<string, Attempt>();
  private refused: Attempt[] = [];
  private last = 0;

  constructor(private readonly kind: CredentialKind) {}

  async begin(credentials: string, now: number, endsWithinMs: number): Promise<AttemptPermit> {
    const { refusals } = ATTEMPT_LIMITS[this.kind];
    this.refused = this.refused.filter(({ until }) => until > now);
    this.underWay.forEach(({ until }, attempt) => until <= now && this.underWay.delete(attempt));
    const isOfThese = (attempt: Attempt) => attempt.credentials === credentials;
    const isTried = this.refused.some(isOfThese);
    if (isTried && this.refused.length >= refusals) {
      return { kind: 'withheld', ms: Math.min(...this.refused.map(({ until }) => until)) - now };
    }
    const isUnderWay = [...this.underWay.values()].some(isOfThese);
    if ((isTried || isUnderWay) && this.refused.length + this.underWay.size >= refusals) {
      return { kind: 'busy' };
    }
    this.last += 1;
    this.underWay.set(String(this.last), { credentials, until: now + endsWithinMs });
    return { kind: 'granted', attempt: String(this.last) };
  }

  async end(credentials: string, attempt: string, outcome: AttemptOutcome, now: number): Promise<void> {
    this.underWay.delete(attempt);
    if (outcome === 'accepted') {
      this.refused = this.refused.filter((one) => one.credentials !== credentials);
    } else if (outcome === 'refused') {
      this.refused.push({ credentials, until: now + ATTEMPT_LIMITS[this.kind].windowMs });
    }
  }
}
