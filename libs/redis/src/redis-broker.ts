import {
  claimOf,
  newEpoch,
  type Broker,
  type BrokerListener,
  type CaseId,
  type Clock,
  type FeedKey,
  type HistorySnapshot,
  type HistoryWant,
  type PageWant,
  type StreamPosition,
  type TicketHistory,
  type TicketPage,
} from '#core';

import { Cluster } from 'ioredis';

import { Barriers } from './barriers.js';
import type { ChannelSubscriptions, SubscriptionsListener } from './channel-subscriptions.js';
import type { RedisClient } from './connection.js';
import { type Keys } from './keys.js';
import { readQuarantine, readPublication, readUpstreamState } from './publication-text.js';
import type { HistoryBounds } from './redis-set-store.js';
import { Scripts } from './scripts.js';
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
}

/** What a channel carries. */
type Route =
  | { readonly kind: 'publication'; readonly feed: FeedKey; readonly caseId: CaseId }
  | { readonly kind: 'state'; readonly feed: FeedKey }
  | { readonly kind: 'barrier' };

/** The gateways' side of the store: Pub/Sub for live publications, history.lua and page.lua for past ones. */
export class RedisBroker implements Broker {
  private readonly scripts: Scripts<'history' | 'page'>;
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
    this.scripts = new Scripts(parts.commands, ['history', 'page'], bounds);
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
    const { keys, clock, gateway } = this.parts;
    const channels = this.holdFeed(feed, 1);
    try {
      await this.subscriptions.add(channels);
      await this.subscriptions.whole(channels);
      const barrier = this.barriers.open();
      const now = Math.round(clock.now());
      const { claim } = claimOf(wants);
      const named = keys.ofScripts(feed).history(wants.map(({ caseId }) => caseId));
      const answer = (await this.scripts.run('history', named, {
        base: keys.base(feed),
        now,
        newEpoch: newEpoch(now, Math.random()),
        barrierChannel: keys.barrierChannel(feed, gateway),
        barrier: barrier.mark,
        known: known ?? undefined,
        claim,
        wants: wants.map(({ caseId, atLeast, after }) => ({ case: caseId, atLeast, after: after ?? undefined })),
      })) as [string, string, string, string, string, ...(string | number)[][]];
      await barrier.passed;
      const [epoch, offset, state, since, reason, ...tickets] = answer;
      return {
        epoch,
        offset: Number(offset),
        upstream: readUpstreamState([state, since, reason].join(' ')),
        quarantined: wants.map((want) => want.caseId).filter((_, index) => Number(tickets[index]?.[2]) === 1),
        tickets: wants.map((want, index) => readHistory(want.caseId, epoch, tickets[index] ?? [])),
      };
    } finally {
      await this.drop(this.releaseFeed(feed, 1));
    }
  }

  async page(feed: FeedKey, { caseId, after, limit }: PageWant): Promise<TicketPage> {
    const { keys, clock } = this.parts;
    const now = Math.round(clock.now());
    const answer = (await this.scripts.run('page', keys.ofScripts(feed).page(caseId), {
      base: keys.base(feed),
      now,
      newEpoch: newEpoch(now, Math.random()),
      case: caseId,
      after: after ?? undefined,
      limit,
    })) as [string, string, number, number, number, ...string[]];
    const [epoch, offset, known, truncated, more, ...texts] = answer;
    return {
      epoch,
      offset: Number(offset),
      known: Number(known) === 1,
      truncated: Number(truncated) === 1,
      publications: texts.map((text) => ({ ...readPublication(caseId, text), epoch })),
      more: Number(more) === 1,
    };
  }

  /** Ends the checks of the subscribed connection. The caller closes the connections. */
  stop(): void {
    this.subscriptions.stop();
  }

  private receive(channel: string, text: string): void {
    const route = this.routes.get(channel);
    switch (route?.kind) {
      case 'publication':
        this.listener?.published(route.feed, readPublication(route.caseId, text));
        return;
      case 'state':
        this.receiveState(route.feed, text);
        return;
      case 'barrier':
        this.barriers.pass(text);
        return;
      case undefined:
        return; // The channel was unsubscribed a moment ago.
    }
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
    return [this.parts.keys.stateChannel(feed), this.parts.keys.barrierChannel(feed, this.parts.gateway)];
  }

  private async drop(channels: readonly string[]): Promise<void> {
    channels.forEach((channel) => this.routes.delete(channel));
    await this.subscriptions.remove(channels);
  }
}

/** @param epoch the present one: publications that are left from an older epoch belong to it */
function readHistory(caseId: CaseId, epoch: string, row: readonly (string | number)[]): TicketHistory {
  const [completeAfter = '', exhausted, , ...texts] = row;
  const publications = texts.map((text) => ({ ...readPublication(caseId, String(text)), epoch }));
  return {
    caseId,
    publications,
    completeAfter: completeAfter === '' ? (publications[0]?.previous ?? 0) : Number(completeAfter),
    exhausted: Number(exhausted) === 1,
  };
}
