import type { Subscriber } from './subscription.js';
import { Tail } from './tail.js';
import type { CaseId } from './ticket.js';

/** One ticket as one gateway sees it: the end of its history and who wants what comes next. */
export class Topic {
  readonly tail = new Tail();
  readonly subscribers = new Set<Subscriber>();
  /** Subscriptions that are on their way: the topic must not be let go under them. */
  pending = 0;
  private idleSince: number | null = null;

  constructor(
    readonly caseId: CaseId,
    /** Resolves once everything published on the ticket reaches this gateway. */
    readonly watched: Promise<void>,
  ) {}

  /** Whether nobody has wanted the ticket for `idleMs`; to be asked now and then. */
  isForsaken(now: number, idleMs: number): boolean {
    if (this.subscribers.size > 0 || this.pending > 0) {
      this.idleSince = null;
      return false;
    }
    this.idleSince ??= now;
    return now - this.idleSince >= idleMs;
  }
}
