import type { FeedKey } from '../model/feed.js';
import type { Publication } from '../model/publication.js';
import type { CaseId } from '../model/ticket.js';
import { FeedDelivery } from './feed-delivery.js';
import { FeedState } from './feed-state.js';
import { HistoryLoader } from './history-loader.js';
import { LongReplay } from './long-replay.js';
import type { Broker, UpstreamState } from './ports/broker.js';
import type { PreparedReplays } from './prepared-replays.js';
import { recover, type ReadBounds } from './recovery.js';
import { Replay, REPLAY_BOUNDS, type PreparedReplay, type ReplayBounds } from './replay.js';
import { ReplayPreparation } from './replay-preparation.js';
import type { SharedSlices } from './shared-slices.js';
import type { Subscriber, SubscribeRequest } from './subscription.js';
import type { Turns } from './turns.js';

/** Bounds of what a feed keeps in memory. */
export interface FeedStreamOptions extends ReadBounds {
  /** {@link REPLAY_BOUNDS} unless given. */
  readonly replay?: ReplayBounds;
  /** How long a ticket without subscribers stays watched, ms. */
  readonly idleMs: number;
}

export interface FeedStreamParts {
  readonly broker: Broker;
  /** Resolves after `ms` milliseconds. */
  readonly wait: (ms: number) => Promise<void>;
  /** Of the reads of long replays, of all feeds of a gateway. */
  readonly turns: Turns;
  /** Of all feeds of a gateway. */
  readonly prepared: PreparedReplays;
  readonly shared: SharedSlices;
}

/**
 * One feed in a gateway. Subscribers get history first, then live publications. {@link FeedState} holds what is known,
 * {@link FeedDelivery} keeps publications in order, {@link ReplayPreparation} reads history for subscriptions, and
 * {@link LongReplay} replays what is too large for one tick.
 */
export class FeedStream {
  private readonly state: FeedState;
  private readonly delivery: FeedDelivery;
  private readonly preparation: ReplayPreparation;
  private readonly long: LongReplay;

  constructor(
    feed: FeedKey,
    { broker, wait, turns, prepared, shared }: FeedStreamParts,
    private readonly options: FeedStreamOptions,
  ) {
    const { tailMax, replay: bounds = REPLAY_BOUNDS } = options;
    const state = new FeedState(feed, broker);
    const delivery = new FeedDelivery(feed, { broker, state, wait, tailMax });
    const loader = new HistoryLoader(feed, broker, state, delivery);
    this.state = state;
    this.delivery = delivery;
    const parts = { broker, state, turns, bounds };
    this.preparation = new ReplayPreparation(feed, { ...parts, delivery, loader, prepared, reads: options });
    this.long = new LongReplay(feed, { ...parts, shared });
  }

  get topicCount(): number {
    return this.state.topics.size;
  }

  /**
   * {@link subscribe} without waiting, where everything is in memory.
   *
   * @returns false: nothing was done
   */
  subscribeNow(request: SubscribeRequest, subscriber: Subscriber): boolean {
    const topics = this.state.topics.watched(request.caseIds);
    const replay = new Replay(request);
    const prepared = topics === null || replay.isAbandoned ? null : this.preparation.inMemory(replay);
    if (topics === null || prepared === null) {
      return false;
    }
    this.goLive(replay, prepared, subscriber);
    return true;
  }

  /**
   * Recovers a subscriber and makes it live, in one tick (invariant 7). History is in memory by then, and nothing is
   * awaited between the replay and the first live publication. A long replay comes in slices; what is then left of it is
   * small, and is such a recovery.
   *
   * @throws if the store is out of reach; then the subscriber is not subscribed
   */
  async subscribe(request: SubscribeRequest, subscriber: Subscriber): Promise<void> {
    const { state } = this;
    const topics = state.topics.enter(request.caseIds);
    const replay = new Replay(request, subscriber);
    const goLive = (prepared: PreparedReplay) => this.goLive(replay, prepared, subscriber);
    try {
      await Promise.all(topics.map((topic) => topic.watched));
      let extent = await this.preparation.prepare(replay, goLive);
      while (extent !== null) {
        await this.long.run(replay, extent, subscriber);
        extent = await this.preparation.prepare(replay, goLive);
      }
    } finally {
      topics.forEach((topic) => (topic.pending -= 1));
    }
  }

  private goLive(replay: Replay, prepared: PreparedReplay, subscriber: Subscriber): void {
    const recovery = recover(replay, this.state.source, prepared);
    subscriber.recover(recovery);
    // A right may have ended while a long replay ran: then these are fewer tickets than were asked for.
    recovery.caseIds.forEach((caseId) => this.state.topics.of(caseId).subscribers.add(subscriber));
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

  /** The first poll of these tickets is complete. */
  backfilled(caseIds: readonly CaseId[]): void {
    this.delivery.backfilled(caseIds);
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
