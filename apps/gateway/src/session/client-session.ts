import { feedKey, type CaseId, type Feed, type FeedKey, type Hub, type Interest } from '#core';
import { type CloseReason, closing, type ReadyData, Refusal } from '#protocol';
import type { Rights } from '../auth/rights.js';
import { type Deadline, STORE_RETRY_MS } from '../edge/deadline.js';
import type { DeliveryCounters } from './delivery-counters.js';
import { Connection } from './connection.js';
import { LiveSubscription } from './live-subscription.js';
import { OperationQueue, type Operation } from './operation-queue.js';
import type { Outlet } from './outlet.js';
import { SubscribeBatch, type WaitingSubscribe } from './subscribe-batch.js';
import type { TickWrites } from './tick-writes.js';
import { UnsentLimit } from './unsent-limit.js';
import type { Tickets, SubscriptionParameters } from '../edge/subscription-parameters.js';

export interface SessionParts {
  readonly hub: Hub;
  readonly interest: Interest;
  readonly counters: DeliveryCounters;
  readonly writes: TickWrites;
  /** `MAX_CASES_PER_SUBSCRIPTION` */
  readonly maxCases: number;
  /** `SLOW_CONSUMER_MAX_BYTES` */
  readonly maxUnsentBytes: number;
  /** Hears why a request could not be served. */
  readonly onError: (error: unknown) => void;
}

/** A connection may hold this many times `MAX_CASES_PER_SUBSCRIPTION`, from any number of subscribes. */
const FULL_SUBSCRIPTIONS = 10;

/** What an id takes beside its characters, bytes. */
const ID_BYTES = 24;

const connectionCloses = () => new Refusal('unavailable', 'the connection is closing', { retryMs: STORE_RETRY_MS });

/** Told once, when nothing is delivered to a session any more; its connection may still be saying goodbye. */
export interface SessionOwner {
  ended(session: ClientSession): void;
}

/** One client: its rights and what it is subscribed to. Both transports build on it. */
export class ClientSession {
  /** By feed; most clients have one, and a map would take 130 bytes more of each. */
  private subscriptions: readonly LiveSubscription[] = [];
  private readonly operations = new OperationQueue<WaitingSubscribe>();
  private readonly connection: Connection;

  constructor(
    private rights: Rights,
    readonly outlet: Outlet,
    private readonly parts: SessionParts,
    private readonly owner: SessionOwner,
  ) {
    const limit = new UnsentLimit(parts.maxUnsentBytes);
    this.connection = new Connection(outlet, limit, parts.counters, this);
  }

  get subject(): string | null {
    return this.rights.subject;
  }

  /**
   * Gives what is past, tells `onReady`, and goes live, in one tick. Tickets that are live already begin anew.
   * Refused for want of the store, none of the tickets is subscribed, whatever they were before.
   *
   * @throws {Refusal}
   */
  subscribe(
    parameters: SubscriptionParameters,
    deadline: Deadline,
    onReady: (ready: ReadyData) => void,
  ): Promise<void> {
    const waiting: WaitingSubscribe = { parameters, onReady, isServed: false };
    const work = async (operation: Operation<WaitingSubscribe>) => {
      if (!waiting.isServed) {
        this.admit(parameters);
        const batch = SubscribeBatch.of(waiting, operation.behind, (...joining) => this.mayJoin(...joining));
        await this.serve(batch, parameters, () => operation.abandoned || !this.connection.isOpen);
      }
    };
    return this.operations.run(deadline, work, bytesOf(parameters), waiting);
  }

  /** Ends delivery of these tickets. Those that are not subscribed are passed over. @throws {Refusal} */
  unsubscribe(tickets: Tickets, deadline: Deadline): Promise<void> {
    const work = async () => {
      const subscription = this.find(feedKey(tickets.feed));
      if (subscription !== undefined) {
        this.leave(subscription, tickets.caseIds);
      }
    };
    return this.operations.run(deadline, work, bytesOf(tickets));
  }

  /**
   * Goes on with other rights of the same subject. What they do not cover is revoked; positions stay.
   *
   * @param verify tells them when the request's turn has come: what follows it is judged by them
   * @throws {Refusal}
   */
  authenticate(verify: () => Promise<Rights>, deadline: Deadline): Promise<void> {
    return this.operations.run(deadline, async () => {
      const rights = await verify();
      if (rights.subject !== this.rights.subject) {
        throw new Refusal('forbidden', 'the token is of another subject: open a connection of its own for it');
      }
      this.rights = rights;
      for (const subscription of this.subscriptions) {
        const mayUseGroup = rights.mayUseGroup(subscription.feed.groupId);
        const revoked = [...subscription.tickets].filter((caseId) => !mayUseGroup || !rights.mayRead(caseId));
        if (revoked.length > 0) {
          this.leave(subscription, revoked);
          subscription.revoke(revoked);
        }
      }
    });
  }

  /** Closes the connection if its token has run out or its client does not keep up. To be called once a second. */
  check(now: number): void {
    const { limit, outlet } = this.connection;
    limit.sweep(outlet.unsentBytes);
    if (now >= this.rights.expiresAt) {
      this.close('token_expired');
    } else if (limit.isExceeded(outlet.unsentBytes)) {
      this.close('slow_consumer');
    }
  }

  tooSlow(): void {
    this.close('slow_consumer');
  }

  /** Tells the client why, and ends the connection. */
  close(reason: CloseReason): void {
    this.parts.writes.flush(); // It may find the client too slow, and close this session.
    if (this.connection.isOpen) {
      this.parts.counters.closing(reason);
      this.end();
      this.outlet.close(closing(reason, Math.random()));
    }
  }

  /** Nothing is delivered any more: the connection is gone or about to go. */
  end(): void {
    if (this.connection.isOpen) {
      this.connection.isOpen = false;
      this.operations.stop(connectionCloses);
      this.subscriptions.forEach((subscription) => this.leave(subscription, [...subscription.tickets]));
      this.owner.ended(this);
    }
  }

  /** @throws {Refusal} before anything of a ticket is touched (invariant 10) */
  private admit({ feed, caseIds }: SubscriptionParameters, together = 0): void {
    const { maxCases } = this.parts;
    if (caseIds.length > maxCases) {
      throw new Refusal('too_many', `a subscription has at most ${maxCases} tickets`);
    }
    this.rights.require(feed, caseIds);
    const named = this.find(feedKey(feed))?.tickets;
    const added = caseIds.filter((caseId) => !named?.has(caseId)).length;
    const held = this.subscriptions.reduce((sum, { tickets }) => sum + tickets.size, 0);
    if (held + added > maxCases * FULL_SUBSCRIPTIONS || held + together > maxCases * FULL_SUBSCRIPTIONS) {
      throw new Refusal('too_many', `a connection holds at most ${maxCases * FULL_SUBSCRIPTIONS} tickets`);
    }
  }

  /** @param together tickets of the batch that it would join, its own included */
  private mayJoin(parameters: SubscriptionParameters, together: number): boolean {
    if (together > this.parts.maxCases) {
      return false;
    }
    try {
      this.admit(parameters, together);
      return true;
    } catch {
      return false; // It hears why when its own turn comes.
    }
  }

  private async serve(
    batch: SubscribeBatch,
    { feed, from, history }: SubscriptionParameters,
    isAbandoned: () => boolean,
  ): Promise<void> {
    const parameters = { feed, caseIds: batch.caseIds, from, history };
    const subscription = this.subscriptionOf(feed);
    subscription.onRecovered = (recovery) => batch.ready(recovery);
    try {
      await this.goLive(parameters, subscription, isAbandoned);
    } catch (error) {
      this.leave(subscription, parameters.caseIds);
      this.parts.onError(error);
      throw new Refusal('unavailable', 'the store is out of reach', { retryMs: STORE_RETRY_MS });
    } finally {
      subscription.onRecovered = null;
    }
  }

  private find(key: FeedKey): LiveSubscription | undefined {
    return this.subscriptions.find((subscription) => subscription.key === key);
  }

  private subscriptionOf(feed: Feed): LiveSubscription {
    const key = feedKey(feed);
    const found = this.find(key);
    if (found !== undefined) {
      return found;
    }
    const subscription = new LiveSubscription(feed, key, this.connection, this.parts.writes);
    this.subscriptions = this.subscriptions.concat(subscription); // Spread, it would have room for 16 more.
    return subscription;
  }

  private async goLive(
    parameters: SubscriptionParameters,
    subscription: LiveSubscription,
    isAbandoned: () => boolean,
  ): Promise<void> {
    const { hub, interest, counters } = this.parts;
    const { feed, caseIds, from, history } = parameters;
    const fresh = caseIds.filter((caseId) => !subscription.tickets.has(caseId));
    // Taken out first: between its replay and the ready, a ticket that is live would come twice or out of order.
    hub.unsubscribe(feed, caseIds, subscription);
    await interest.acquire(feed, fresh);
    fresh.forEach((caseId) => subscription.tickets.add(caseId));
    counters.subscribed(fresh.length);
    await hub.subscribe(feed, { caseIds, from, history, isAbandoned }, subscription);
    if (isAbandoned()) {
      this.leave(subscription, caseIds);
    }
  }

  /** Ends delivery of those tickets that are subscribed. What cannot be told to the store now ends with its lease. */
  private leave(subscription: LiveSubscription, caseIds: readonly CaseId[]): void {
    const { hub, interest, counters, onError } = this.parts;
    const held = caseIds.filter((caseId) => subscription.tickets.has(caseId));
    hub.unsubscribe(subscription.feed, caseIds, subscription);
    subscription.forget(held);
    counters.subscribed(-held.length);
    if (subscription.tickets.size === 0) {
      this.subscriptions = this.subscriptions.filter((other) => other !== subscription);
    }
    interest.release(subscription.feed, held).catch(onError);
  }
}

/** What the tickets that a request names take while it waits, bytes. */
function bytesOf({ caseIds }: Tickets): number {
  return caseIds.reduce((sum, caseId) => sum + caseId.length + ID_BYTES, 0);
}
