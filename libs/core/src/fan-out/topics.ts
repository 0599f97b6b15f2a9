import type { FeedKey } from '../model/feed.js';
import type { Broker } from './ports/broker.js';
import type { CaseId } from '../model/ticket.js';
import { Topic } from './topic.js';

/** The tickets of one feed that a gateway follows: watched at the broker for as long as anybody here needs them. */
export class Topics implements Iterable<Topic> {
  private readonly followed = new Map<CaseId, Topic>();

  constructor(
    private readonly feed: FeedKey,
    private readonly broker: Pick<Broker, 'watch' | 'unwatch'>,
  ) {}

  get size(): number {
    return this.followed.size;
  }

  [Symbol.iterator](): Iterator<Topic> {
    return this.followed.values();
  }

  find(caseId: CaseId): Topic | undefined {
    return this.followed.get(caseId);
  }

  /** One that a subscription holds, which is there. */
  of(caseId: CaseId): Topic {
    const topic = this.followed.get(caseId);
    if (topic === undefined) {
      throw new Error('a subscription holds a ticket that is not watched');
    }
    return topic;
  }

  /** Holds the tickets for a subscription that is on its way, and begins to watch those that were not watched. */
  enter(caseIds: readonly CaseId[]): Topic[] {
    const fresh = caseIds.filter((caseId) => !this.followed.has(caseId));
    if (fresh.length > 0) {
      const watched = this.broker.watch(this.feed, fresh);
      fresh.forEach((caseId) => this.followed.set(caseId, new Topic(caseId, watched)));
      // Nobody may find a ticket that is not watched; those who wait for it have the error.
      watched.catch(() => fresh.forEach((caseId) => this.followed.delete(caseId)));
    }
    const topics = caseIds.map((caseId) => this.of(caseId));
    topics.forEach((topic) => (topic.pending += 1));
    return topics;
  }

  /** Lets go of tickets that nobody has wanted for `idleMs`; to be called now and then. */
  evictIdle(now: number, idleMs: number): void {
    const idle = [...this].filter((topic) => topic.isIdle(now, idleMs)).map((topic) => topic.caseId);
    if (idle.length > 0) {
      idle.forEach((caseId) => this.followed.delete(caseId));
      // What cannot be told to the store now ends with the connection anyway.
      this.broker.unwatch(this.feed, idle).catch(() => undefined);
    }
  }
}
