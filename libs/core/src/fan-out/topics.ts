import type { FeedKey } from '../model/feed.js';
import type { Broker } from './ports/broker.js';
import type { CaseId } from '../model/ticket.js';
import { Topic } from './topic.js';

/** The topics of one feed in a gateway. Each is watched at the broker while it is needed. */
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

  /** A topic that a subscription holds, so it must exist. */
  of(caseId: CaseId): Topic {
    const topic = this.followed.get(caseId);
    if (topic === undefined) {
      throw new Error('a subscription holds a ticket that is not watched');
    }
    return topic;
  }

  /** The topics of these tickets, in order; null where one of them is not watched yet. */
  watched(caseIds: readonly CaseId[]): readonly Topic[] | null {
    const topics: Topic[] = [];
    for (const caseId of caseIds) {
      const topic = this.followed.get(caseId);
      if (topic?.isWatched !== true) {
        return null;
      }
      topics.push(topic);
    }
    return topics;
  }

  /** Holds the topics for a subscription that is being recovered. Starts to watch those that are new. */
  enter(caseIds: readonly CaseId[]): Topic[] {
    const fresh = caseIds.filter((caseId) => !this.followed.has(caseId));
    if (fresh.length > 0) {
      const watched = this.broker.watch(this.feed, fresh);
      fresh.forEach((caseId) => this.followed.set(caseId, new Topic(caseId, watched)));
      // No later subscription may find a topic that is not watched. The subscriptions that wait for it get the error.
      watched.catch(() => fresh.forEach((caseId) => this.followed.delete(caseId)));
    }
    const topics = caseIds.map((caseId) => this.of(caseId));
    topics.forEach((topic) => (topic.pending += 1));
    return topics;
  }

  /** Evicts topics that had no subscriber for `idleMs`. Called every few seconds. @param now ms since 1970 */
  evictIdle(now: number, idleMs: number): void {
    const idle = [...this].filter((topic) => topic.isIdle(now, idleMs)).map((topic) => topic.caseId);
    if (idle.length > 0) {
      idle.forEach((caseId) => this.followed.delete(caseId));
      // If the store cannot be reached now, the channels end with the connection.
      this.broker.unwatch(this.feed, idle).catch(() => undefined);
    }
  }
}
