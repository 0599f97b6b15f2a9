import { feedKey, type Feed, type FeedKey } from '../model/feed.js';
import { FeedStream, type FeedStreamOptions, type FeedStreamParts } from './feed-stream.js';
import type { Broker, BrokerListener, UpstreamState } from './ports/broker.js';
import type { WatchedFeeds } from './polling-watch.js';
import type { Publication } from '../model/publication.js';
import { PreparedReplays } from './prepared-replays.js';
import { REPLAY_BOUNDS } from './replay.js';
import { SharedSlices } from './shared-slices.js';
import type { Subscriber, SubscribeRequest } from './subscription.js';
import type { CaseId } from '../model/ticket.js';
import { Turns } from './turns.js';

export interface HubParts {
  readonly broker: Broker;
  /** Resolves after `ms` milliseconds. */
  readonly wait: (ms: number) => Promise<void>;
}

/** Publications that all tails of a gateway may hold together; bounds their memory to some hundred megabytes. */
const TAILS_TOTAL_MAX = 200_000;

/** Where publications meet subscribers: one {@link FeedStream} per feed that someone here wants. */
export class Hub implements BrokerListener, WatchedFeeds {
  private readonly streams = new Map<FeedKey, FeedStream>();
  /** What the replays of all feeds share. */
  private readonly shared: Pick<FeedStreamParts, 'turns' | 'prepared' | 'shared'>;

  constructor(
    private readonly parts: HubParts,
    private readonly options: FeedStreamOptions,
  ) {
    const prepared = new PreparedReplays(options.replay ?? REPLAY_BOUNDS);
    this.shared = { turns: new Turns(), prepared, shared: new SharedSlices() };
    parts.broker.listen(this);
  }

  /** @see FeedStream.subscribeNow */
  subscribeNow(feed: Feed, request: SubscribeRequest, subscriber: Subscriber): boolean {
    return this.streams.get(feedKey(feed))?.subscribeNow(request, subscriber) === true;
  }

  /** @see FeedStream.subscribe */
  subscribe(feed: Feed, request: SubscribeRequest, subscriber: Subscriber): Promise<void> {
    const key = feedKey(feed);
    let stream = this.streams.get(key);
    if (stream === undefined) {
      stream = new FeedStream(key, { ...this.parts, ...this.shared }, this.options);
      this.streams.set(key, stream);
    }
    return stream.subscribe(request, subscriber);
  }

  /** Ends delivery of these tickets to the subscriber, at once. */
  unsubscribe(feed: Feed, caseIds: readonly CaseId[], subscriber: Subscriber): void {
    this.streams.get(feedKey(feed))?.unsubscribe(caseIds, subscriber);
  }

  published(feed: FeedKey, publication: Publication): void {
    this.streams.get(feed)?.published(publication);
  }

  upstreamChanged(feed: FeedKey, state: UpstreamState): void {
    this.streams.get(feed)?.upstreamChanged(state);
  }

  quarantineChanged(feed: FeedKey, caseId: CaseId, quarantined: boolean): void {
    this.streams.get(feed)?.quarantineChanged(caseId, quarantined);
  }

  backfilled(feed: FeedKey, caseIds: readonly CaseId[]): void {
    this.streams.get(feed)?.backfilled(caseIds);
  }

  awaitedFeeds(): FeedKey[] {
    return [...this.streams].filter(([, stream]) => stream.isAwaited).map(([feed]) => feed);
  }

  pollingChanged(feed: FeedKey, since: number | null, now: number): void {
    this.streams.get(feed)?.pollingChanged(since, now);
  }

  interrupted(): void {
    this.streams.forEach((stream) => stream.interrupted());
  }

  /** Called every few seconds. */
  sweep(now: number): void {
    this.shared.prepared.sweep();
    let topics = 0;
    this.streams.forEach((stream) => (topics += stream.topicCount));
    for (const [key, stream] of this.streams) {
      stream.sweep(now, Math.floor(TAILS_TOTAL_MAX / Math.max(1, topics)));
      if (stream.topicCount === 0) {
        this.streams.delete(key);
      }
    }
  }
}
