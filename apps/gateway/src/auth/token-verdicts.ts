import type { CaseId, Cursor, Feed } from '#core';
import { Refusal } from '#protocol';

/** Most tickets that may be asked about for one token in one time to live. */
const TICKETS_MAX = 20_000;
/** Longest time for which a refused token is not tried again, ms. */
const REJECTED_MAX_MS = 60_000;
/** An answer that cannot be renewed counts for this many times to live, for connections that have begun. */
const KEPT_TIMES = 4;
/** An answer about a ticket that is read is renewed within this last part of its time to live, at random. */
const RENEWED_IN = 0.25;

interface Verdict {
  readonly mayRead: boolean;
  /** When the upstream answered, milliseconds of the monotonic clock; so is the next one. */
  readonly answeredAt: number;
  readonly renewAt: number;
}

/** What the upstream has said of one token. The token itself is not in it. */
export class TokenVerdicts {
  private readonly byTicket = new Map<string, Verdict>();
  private goodUntil = Number.NEGATIVE_INFINITY;
  private rejectedUntil = Number.NEGATIVE_INFINITY;
  private pausedUntil = Number.NEGATIVE_INFINITY;
  /** Where the upstream's last answer for this token ended: the next one begins there, so that it is small. */
  cursor: Cursor | null = null;

  constructor(
    /** `AUTH_PROBE_TTL_S` in ms. */
    private readonly ttlMs: number,
    /** Milliseconds of a monotonic clock. */
    private readonly now: () => number,
  ) {}

  /** How many tickets it has something of. */
  get size(): number {
    return this.byTicket.size;
  }

  /** Whether the upstream has found the token good within the time to live. */
  get isGood(): boolean {
    return this.now() < this.goodUntil;
  }

  /** Whether it is known if the ticket may be read. */
  isKnown(feed: Feed, caseId: CaseId): boolean {
    return this.isWithin(this.verdict(feed, caseId), 1);
  }

  /** Whether the answer is to be renewed, for a ticket that is read. */
  isDue(feed: Feed, caseId: CaseId): boolean {
    return this.now() >= (this.verdict(feed, caseId)?.renewAt ?? 0);
  }

  /** Whether the answer is so old, without a newer one, that it does not count any more even for a ticket that is read. */
  isOver(feed: Feed, caseId: CaseId): boolean {
    return !this.isWithin(this.verdict(feed, caseId), KEPT_TIMES);
  }

  mayRead(feed: Feed, caseId: CaseId): boolean {
    return this.verdict(feed, caseId)?.mayRead === true;
  }

  isRefused(feed: Feed, caseId: CaseId): boolean {
    return this.verdict(feed, caseId)?.mayRead === false;
  }

  /** @throws {Refusal} where the upstream is not to be asked now */
  requireAskable(): void {
    const now = this.now();
    if (now < this.rejectedUntil) {
      throw rejected();
    }
    if (now < this.pausedUntil) {
      const retryMs = Math.ceil(this.pausedUntil - now);
      throw new Refusal('unavailable', 'the upstream asks to wait with questions about this token', { retryMs });
    }
    if (this.byTicket.size >= TICKETS_MAX) {
      this.byTicket.forEach((verdict, key) => !this.isWithin(verdict, KEPT_TIMES) && this.byTicket.delete(key));
    }
    if (this.byTicket.size >= TICKETS_MAX) {
      throw new Refusal('too_many', `a token is asked about at most ${TICKETS_MAX} tickets in ${this.ttlMs / 1000} s`);
    }
  }

  answered(feed: Feed, caseIds: readonly CaseId[], mayRead: boolean): void {
    const answeredAt = this.now();
    for (const caseId of caseIds) {
      const renewAt = answeredAt + this.ttlMs * (1 - RENEWED_IN * Math.random());
      this.byTicket.set(keyOf(feed, caseId), { mayRead, answeredAt, renewAt });
    }
  }

  /** The upstream accepts the token. */
  good(): void {
    this.goodUntil = this.now() + this.ttlMs;
  }

  /** The upstream does not accept the token. @throws {Refusal} */
  reject(): never {
    this.goodUntil = Number.NEGATIVE_INFINITY;
    this.rejectedUntil = this.now() + Math.min(this.ttlMs, REJECTED_MAX_MS);
    this.byTicket.clear();
    throw rejected();
  }

  /** The upstream asks to wait. */
  pause(ms: number): void {
    this.pausedUntil = this.now() + ms;
  }

  private verdict(feed: Feed, caseId: CaseId): Verdict | undefined {
    return this.byTicket.get(keyOf(feed, caseId));
  }

  private isWithin(verdict: Verdict | undefined, times: number): boolean {
    return verdict !== undefined && this.now() < verdict.answeredAt + this.ttlMs * times;
  }
}

function rejected(): Refusal {
  return new Refusal('unauthorized', 'the upstream does not accept the token');
}

/** A right does not depend on the language. No ticket has a line feed. */
function keyOf({ groupId }: Feed, caseId: CaseId): string {
  return `${caseId}\n${groupId ?? ''}`;
}
