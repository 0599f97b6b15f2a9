import type { FeedKey } from '../model/feed.js';
import type { Publication } from '../model/publication.js';
import type { CaseId } from '../model/ticket.js';
import { FeedDelivery } from './feed-delivery.js';
import { FeedState } from './feed-state.js';
import { HistoryLoader } from './history-loader.js';
import type { Broker, UpstreamState } from './ports/broker.js';
import { missing, recover, type ReadBounds } from './recovery.js';
import type { Subscriber, SubscribeRequest } from './subscription.js';

/** Bounds of what a feed keeps in memory. */
export interface FeedStreamOptions extends ReadBounds {
  /** How long a ticket without subscribers stays watched, ms. */
  readonly idleMs: number;
}

/**
 * One feed in a gateway. Subscribers get history first, then live publications. {@link FeedState} holds what is known,
 * {@link FeedDelivery} keeps publications in order, {@link HistoryLoader} reads history for subscriptions.
 */
export class FeedStream {
  private readonly state: FeedState;
  private readonly delivery: FeedDelivery;
  private readonly loader: HistoryLoader;

  constructor(
    feed: FeedKey,
    broker: Broker,
    private readonly options: FeedStreamOptions,
    wait: (ms: number) => Promise<void>,
  ) {
    const { tailMax } = options;
    this.state = new FeedState(feed, broker);
    this.delivery = new FeedDelivery(feed, { broker, state: this.state, wait, tailMax });
    this.loader = new HistoryLoader(feed, broker, this.state, this.delivery);
  }

  get topicCount(): number {
    return this.state.topics.size;
  }

  /**
   * Recovers a subscriber and makes it live, in one tick (invariant 7). History is in memory by then, and nothing is
   * awaited between the replay and the first live publication.
   *
   * @throws if the store is out of reach; then the subscriber is not subscribed
   */
  async subscribe(request: SubscribeRequest, subscriber: Subscriber): Promise<void> {
    const { state, delivery, loader, options } = this;
    const topics = state.topics.enter(request.caseIds);
    try {
      await Promise.all(topics.map((topic) => topic.watched));
      let wants = missing(request, state.source, options, true);
      while (wants.length > 0 || delivery.isRepairing) {
        await delivery.repaired;
        await loader.load(wants);
        wants = missing(request, state.source, options, false);
      }
      if (request.isAbandoned?.()) {
        return;
      }
      subscriber.recover(recover(request, state.source));
      topics.forEach((topic) => topic.subscribers.add(subscriber));
    } finally {
      topics.forEach((topic) => (topic.pending -= 1));
    }
  }

  /** Ends delivery of these tickets to the subscriber, at once. */
  unsubscribe(caseIds: readonly CaseId[], subscriber: Subscriber): void {
    for (const caseId of caseIds) {
      this.state.topics.find(caseId)?.subscribers.delete(subscriber);
    }
  }

  published(publication: Publication): void {
    this.delivery.published(publication);
  }

  upstreamChanged(state: UpstreamState): void {
    this.state.upstream.changed(state);
  }

  /** @see UpstreamNotices.pollingChanged */
  pollingChanged(since: number | null, now: number): void {
    this.state.upstream.pollingChanged(since, now);
  }

  /** Whether some client waits for a ticket that the upstream does not refuse. */
  get isAwaited(): boolean {
    for (const topic of this.state.topics) {
      if (topic.subscribers.size > 0 && !topic.quarantined) {
        return true;
      }
    }
    return false;
  }

  quarantineChanged(caseId: CaseId, quarantined: boolean): void {
    this.state.quarantined.changed(caseId, quarantined);
  }

  /** Publications may have been missed. */
  interrupted(): void {
    this.delivery.repair();
  }

  /**
   * Evicts topics that had no subscriber for `idleMs`, and trims tails. Called every few seconds.
   *
   * @param now ms since 1970
   * @param tailMax most publications that each tail may keep
   */
  sweep(now: number, tailMax: number): void {
    this.state.topics.evictIdle(now, this.options.idleMs);
    for (const topic of this.state.topics) {
      topic.tail.trim(Math.min(tailMax, this.options.tailMax));
    }
  }
}
