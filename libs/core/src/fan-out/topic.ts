import type { Notice, Subscriber } from './subscription.js';
import { Tail } from './tail.js';
import type { CaseId } from '../model/ticket.js';

/** One ticket in one gateway: its tail and its subscribers. */
export class Topic {
  readonly tail = new Tail();
  readonly subscribers = new Set<Subscriber>();
  /** Number of subscriptions that are being recovered. A topic that has some must not be evicted. */
  pending = 0;
  /** Whether `watched` has resolved. Before that, publications may be missed. */
  isWatched = false;
  /** Whether the upstream refuses the ticket, and the number of the notice that said so last. */
  quarantined = false;
  quarantineNotice = 0;
  /** Whether its first poll is still to come. */
  backfill: 'unknown' | 'pending' | 'complete' = 'unknown';
  /** The read status as of an offset; null: it is not known. */
  readStatus: number | null = null;
  private statusAt = -1;
  private idleSince: number | null = null;

  constructor(
    readonly caseId: CaseId,
    /** Resolves when all publications of the ticket reach this gateway. */
    readonly watched: Promise<void>,
  ) {
    watched.then(
      () => (this.isWatched = true),
      () => undefined, // The subscriptions that wait for it get the error.
    );
  }

  /** Takes a read status that was true at an offset. */
  learnStatus(status: number | null, offset: number): void {
    if (offset >= this.statusAt) {
      this.readStatus = status ?? this.readStatus;
      this.statusAt = offset;
    }
  }

  /** The feed has a new epoch: nothing of the old one is known to be true, and its offsets mean nothing any more. */
  restart(): void {
    this.tail.clear();
    this.readStatus = null;
    this.statusAt = -1;
  }

  /** Whether the ticket had no subscriber for `idleMs`. Called every few seconds. @param now ms since 1970 */
  isIdle(now: number, idleMs: number): boolean {
    if (this.subscribers.size > 0 || this.pending > 0) {
      this.idleSince = null;
      return false;
    }
    this.idleSince ??= now;
    return now - this.idleSince >= idleMs;
  }
}

/** Sends one notice to each subscriber of these tickets. */
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
