import type {
  Broker,
  BrokerListener,
  CaseId,
  Clock,
  DeliveredAt,
  DeliveredNames,
  ExtentWant,
  FeedKey,
  HistorySlice,
  HistorySnapshot,
  HistoryWant,
  PageBefore,
  PageBeforeWant,
  PageWant,
  Publication,
  ReplayExtent,
  SliceWant,
  StreamPosition,
  TicketPage,
} from '#core';

import { Cluster } from 'ioredis';

import { Barriers } from './barriers.js';
import type { ChannelSubscriptions, SubscriptionsListener } from './channel-subscriptions.js';
import type { RedisClient } from './connection.js';
import { type Keys } from './keys.js';
import { readQuarantine, readPublication, readTrace, readUpstreamState } from './publication-text.js';
import type { HistoryBounds } from './redis-set-store.js';
import { StoredBefore } from './stored-before.js';
import { StoredHistory } from './stored-history.js';
import { ShardedSubscriptions } from './sharded-subscriptions.js';
import { Subscriptions } from './subscriptions.js';

export interface RedisBrokerParts {
  readonly commands: RedisClient;
  /** A connection of its own: it is kept subscribed. */
  readonly subscriber: RedisClient;
  readonly keys: Keys;
  readonly clock: Clock;
  /** Name of this gateway, unique in the deployment. */
  readonly gateway: string;
  readonly onError: (error: Error) => void;
  /** Called with each publication that is heard. @param ms since the upstream's answer */
  readonly onHeard?: (ms: number) => void;
  /** Called with the trace of a publication that has one, before it is delivered. */
  readonly onTraced?: (trace: string, publication: Publication) => void;
}

/** What a channel carries. */
type Route =
  | { readonly kind: 'publication'; readonly feed: FeedKey; readonly caseId: CaseId }
  | { readonly kind: 'state'; readonly feed: FeedKey }
  | { readonly kind: 'backfilled'; readonly feed: FeedKey }
  | { readonly kind: 'barrier' };

/** The gateways' side of the store: Pub/Sub for live publications, {@link StoredHistory} for past ones. */
export class RedisBroker implements Broker {
  private readonly stored: StoredHistory;
  private readonly older: StoredBefore;
  private readonly barriers = new Barriers();
  private readonly routes = new Map<string, Route>();
  /** By feed: how many watched tickets and running reads need the feed's own channels. */
  private readonly feeds = new Map<FeedKey, number>();
  private readonly subscriptions: ChannelSubscriptions;
  private listener: BrokerListener | null = null;

  constructor(
    private readonly parts: RedisBrokerParts,
    bounds: HistoryBounds,
  ) {
    this.stored = new StoredHistory(parts, bounds);
    this.older = new StoredBefore(parts, bounds);
    const { subscriber } = parts;
    const listener: SubscriptionsListener = {
      received: (channel, text) => this.receive(channel, text),
      interrupted: () => {
        this.barriers.lost();
        this.listener?.interrupted();
      },
      failed: parts.onError,
    };
    this.subscriptions =
      subscriber instanceof Cluster
        ? new ShardedSubscriptions(subscriber, listener)
        : new Subscriptions(subscriber, listener);
  }

  listen(listener: BrokerListener): void {
    this.listener = listener;
  }

  async watch(feed: FeedKey, caseIds: readonly CaseId[]): Promise<void> {
    const channels = [
      ...this.holdFeed(feed, caseIds.length),
      ...caseIds.map((caseId) =>
        this.route(this.parts.keys.publicationChannel(feed, caseId), { kind: 'publication', feed, caseId }),
      ),
    ];
    try {
      await this.subscriptions.add(channels);
    } catch (error) {
      // The caller gets the first error, whether or not this succeeds.
      await this.unwatch(feed, caseIds).catch(this.parts.onError);
      throw error;
    }
  }

  async unwatch(feed: FeedKey, caseIds: readonly CaseId[]): Promise<void> {
    const channels = caseIds.map((caseId) => this.parts.keys.publicationChannel(feed, caseId));
    await this.drop([...channels, ...this.releaseFeed(feed, caseIds.length)]);
  }

  async history(feed: FeedKey, wants: readonly HistoryWant[], known: StreamPosition | null): Promise<HistorySnapshot> {
    const { keys, gateway } = this.parts;
    const channels = this.holdFeed(feed, 1);
    try {
      await this.subscriptions.add(channels);
      await this.subscriptions.whole(channels);
      const { mark, passed } = this.barriers.open();
      const barrier = { channel: keys.barrierChannel(feed, gateway), mark };
      const snapshot = await this.stored.history(feed, wants, known, barrier);
      await passed;
      return snapshot;
    } finally {
      await this.drop(this.releaseFeed(feed, 1));
    }
  }

  extent(feed: FeedKey, wants: readonly ExtentWant[]): Promise<ReplayExtent> {
    return this.stored.extent(feed, wants);
  }

  slice(feed: FeedKey, want: SliceWant, known: StreamPosition | null): Promise<HistorySlice> {
    return this.stored.slice(feed, want, known);
  }

  pageBefore(feed: FeedKey, want: PageBeforeWant): Promise<PageBefore> {
    return this.older.pageBefore(feed, want);
  }

  deliveredAt(feed: FeedKey, caseId: CaseId, names: readonly DeliveredNames[]): Promise<DeliveredAt> {
    return this.older.deliveredAt(feed, caseId, names);
  }

  page(feed: FeedKey, want: PageWant): Promise<TicketPage> {
    return this.stored.page(feed, want);
  }

  /** Ends the checks of the subscribed connection. The caller closes the connections. */
  stop(): void {
    this.subscriptions.stop();
  }

  private receive(channel: string, text: string): void {
    const route = this.routes.get(channel);
    switch (route?.kind) {
      case 'publication':
        this.heard(route.feed, readPublication(route.caseId, text), text);
        return;
      case 'state':
        this.receiveState(route.feed, text);
        return;
      case 'backfilled':
        this.listener?.backfilled(route.feed, text.split(' '));
        return;
      case 'barrier':
        this.barriers.pass(text);
        return;
      case undefined:
        return; // The channel was unsubscribed a moment ago.
    }
  }

  private heard(feed: FeedKey, publication: Publication, text: string): void {
    const { clock, onHeard, onTraced } = this.parts;
    onHeard?.(clock.now() - publication.seenAt);
    const trace = onTraced && readTrace(text);
    if (trace) {
      onTraced(trace, publication);
    }
    this.listener?.published(feed, publication);
  }

  private receiveState(feed: FeedKey, text: string): void {
    const change = readQuarantine(text);
    if (change === null) {
      this.listener?.upstreamChanged(feed, readUpstreamState(text));
    } else {
      this.listener?.quarantineChanged(feed, change.caseId, change.quarantined);
    }
  }

  private route(channel: string, route: Route): string {
    this.routes.set(channel, route);
    return channel;
  }

  /** Counts users of a feed's own channels; returns those to subscribe to. */
  private holdFeed(feed: FeedKey, by: number): string[] {
    this.feeds.set(feed, (this.feeds.get(feed) ?? 0) + by);
    return [
      this.route(this.parts.keys.stateChannel(feed), { kind: 'state', feed }),
      this.route(this.parts.keys.backfilledChannel(feed), { kind: 'backfilled', feed }),
      this.route(this.parts.keys.barrierChannel(feed, this.parts.gateway), { kind: 'barrier' }),
    ];
  }

  /** Counts users of a feed's own channels; returns those to unsubscribe from. */
  private releaseFeed(feed: FeedKey, by: number): string[] {
    const users = (this.feeds.get(feed) ?? 0) - by;
    this.feeds.set(feed, users);
    if (users > 0) {
      return [];
    }
    this.feeds.delete(feed);
    const { keys, gateway } = this.parts;
    return [keys.stateChannel(feed), keys.backfilledChannel(feed), keys.barrierChannel(feed, gateway)];
  }

  private async drop(channels: readonly string[]): Promise<void> {
    channels.forEach((channel) => this.routes.delete(channel));
    await this.subscriptions.remove(channels);
  }
}
