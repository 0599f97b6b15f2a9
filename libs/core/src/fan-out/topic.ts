import type { Notice, Subscriber } from './subscription.js';
import { Tail } from './tail.js';
import type { CaseId } from '../model/ticket.js';

/** One ticket as one gateway sees it: the end of its history and who wants what comes next. */
export class Topic {
  readonly tail = new Tail();
  readonly subscribers = new Set<Subscriber>();
  /** Subscriptions that are on their way: the topic must not be let go under them. */
  pending = 0;
  /** Whether `watched` has resolved: before that, publications may pass by unseen. */
  isWatched = false;
  /** Whether the upstream refuses the ticket, and which of the feed's notices said so last. */
  quarantined = false;
  quarantineNotice = 0;
  private idleSince: number | null = null;

  constructor(
    readonly caseId: CaseId,
    /** Resolves once everything published on the ticket reaches this gateway. */
    readonly watched: Promise<void>,
  ) {
    watched.then(
      () => (this.isWatched = true),
      () => undefined, // Those who wait for it have the error.
    );
  }

  /** Whether nobody has wanted the ticket for `idleMs`; to be asked now and then. */
  isIdle(now: number, idleMs: number): boolean {
    if (this.subscribers.size > 0 || this.pending > 0) {
      this.idleSince = null;
      return false;
    }
    this.idleSince ??= now;
    return now - this.idleSince >= idleMs;
  }
}

/** Tells everyone who subscribed to some of these tickets, once each. */
export function tell(topics: Iterable<Topic>, notice: (caseIds: readonly CaseId[]) => Notice): void {
  const named = new Map<Subscriber, CaseId[]>();
  for (const topic of topics) {
    for (const subscriber of topic.subscribers) {
      named.set(subscriber, [...(named.get(subscriber) ?? []), topic.caseId]);
    }
  }
  for (const [subscriber, caseIds] of named) {
    subscriber.notify(notice(caseIds));
  }
}
