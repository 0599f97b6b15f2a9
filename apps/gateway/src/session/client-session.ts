import { feedKey, type CaseId, type Feed, type FeedKey } from '#core';
import { type CloseReason, closing, type PositionIds, type ReadyData, Refusal, type RetryBounds } from '#protocol';
import type { Rights } from '../auth/rights.js';
import { type Deadline, STORE_RETRY_MS } from '../edge/deadline.js';
import { Connection } from './connection.js';
import { goLive, goLiveNow, type GoingLiveParts } from './going-live.js';
import { LiveSubscription } from './live-subscription.js';
import { bytesOf, OperationQueue, type Operation } from './operation-queue.js';
import type { Outlet } from './outlet.js';
import { SubscribeBatch, type WaitingSubscribe } from './subscribe-batch.js';
import type { ReplayPace } from './replay-pace.js';
import type { TickWrites } from './tick-writes.js';
import { UnsentLimit } from './unsent-limit.js';
import type { Tickets, SubscriptionParameters } from '../edge/subscription-parameters.js';

export interface SessionParts extends GoingLiveParts {
  readonly writes: TickWrites;
  readonly pace: ReplayPace;
  readonly ids: PositionIds;
  /** `MAX_CASES_PER_SUBSCRIPTION` */
  readonly maxCases: number;
  /** `SLOW_CONSUMER_MAX_BYTES` */
  readonly maxUnsentBytes: number;
  /** Called with the reason why a request was not served. */
  readonly onError: (error: unknown) => void;
}

/** Feeds of one connection at most: each feed that only it names is polled because of it. */
const FEEDS_MAX = 16;

/** A connection may hold this many times `MAX_CASES_PER_SUBSCRIPTION` tickets, from any number of subscribes. */
const FULL_SUBSCRIPTIONS = 10;

const connectionCloses = () => new Refusal('unavailable', 'the connection is closing', { retryMs: STORE_RETRY_MS });

export interface SessionOwner {
  /** Its rights were replaced. They were looked at a while ago: some may be revoked since. */
  authenticated(session: ClientSession): void;
  /** Called once, when it has ended. Its connection may still be open to send `closing`. */
  ended(session: ClientSession): void;
}

/** One client: its rights and its subscriptions. Both transports use it. */
export class ClientSession {
  /** One for each feed. Most clients have one feed, and a map would take 130 bytes more per client. */
  private subscriptions: readonly LiveSubscription[] = [];
  private readonly operations = new OperationQueue<WaitingSubscribe>();
  private readonly connection: Connection;
  /** Number of the connection among those of this process. */
  ordinal = 0;
  /** When it began, whole seconds since 1970. */
  readonly openedAt = Math.round(Date.now() / 1000);

  constructor(
    private rights: Rights,
    readonly outlet: Outlet,
    private readonly parts: SessionParts,
    private readonly owner: SessionOwner,
    /** Which client it is of, where the client has named itself. */
    readonly clientId: string | null,
  ) {
    const limit = new UnsentLimit(parts.maxUnsentBytes);
    this.connection = new Connection(outlet, limit, parts.counters, this);
  }

  get subject(): string | null {
    return this.rights.subject;
  }

  /** When its rights end, ms since 1970. */
  get expiresAt(): number {
    return this.rights.expiresAt;
  }

  /** How many tickets it has in each feed. */
  get ticketCounts(): readonly { readonly feed: FeedKey; readonly tickets: number }[] {
    return this.subscriptions.map(({ key, tickets }) => ({ feed: key, tickets: tickets.size }));
  }

  /** Whether it is served. */
  get isOpen(): boolean {
    return this.connection.isOpen;
  }

  /**
   * {@link subscribe} of a connection that subscribes once. It is served in this tick where all that it needs is in memory.
   *
   * @returns null: it is served
   */
  subscribeOnce(
    parameters: SubscriptionParameters,
    deadline: Deadline,
    onReady: (ready: ReadyData) => void,
  ): Promise<void> | null {
    const waiting: WaitingSubscribe = { parameters, onReady, isServed: false };
    return this.operations.first(deadline, (operation) => this.serveInTurn(waiting, operation), bytesOf(parameters));
  }

  /**
   * Writes the replay, calls `onReady`, and goes live, in one tick. A ticket that is live already gets a new replay.
   *
   * @throws {Refusal} `unavailable` if the store is out of reach: then none of the tickets is subscribed, not even one that
   *   was live before
   */
  subscribe(
    parameters: SubscriptionParameters,
    deadline: Deadline,
    onReady: (ready: ReadyData) => void,
  ): Promise<void> {
    const waiting: WaitingSubscribe = { parameters, onReady, isServed: false };
    this.learnSoon(parameters);
    const work = (operation: Operation<WaitingSubscribe>) => this.serveInTurn(waiting, operation);
    return this.operations.run(deadline, work, bytesOf(parameters), waiting);
  }

  /** Ends delivery of these tickets. Tickets that are not subscribed are ignored. @throws {Refusal} */
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
   * Replaces the rights by others of the same subject. Tickets that they do not cover are revoked. Positions do not
   * change.
   *
   * @param verify called when the request's turn in the queue has come, so that the requests behind it have the new rights
   * @throws {Refusal}
   */
  authenticate(verify: () => Promise<Rights>, deadline: Deadline): Promise<void> {
    return this.operations.run(deadline, async () => {
      const rights = this.rights.replacedBy(await verify());
      await this.ofEachFeed((feed, caseIds) => rights.learn(feed, caseIds));
      if (!rights.isProven) {
        await rights.prove();
      }
      this.hold(rights);
      this.owner.authenticated(this);
    });
  }

  /**
   * Rights were revoked, or a revocation was lifted. It does not wait for its turn among the requests: a request may take
   * five seconds. A subscribe that is under way begins anew.
   *
   * @param limit what is left of the rights that a token grants; null if nothing is
   */
  recheck(limit: (rights: Rights) => Rights | null): void {
    const rights = limit(this.rights);
    if (rights === null) {
      this.subscriptions.forEach((subscription) => this.withdraw(subscription, [...subscription.tickets]));
      this.close('token_revoked');
    } else if (rights !== this.rights) {
      this.hold(rights);
    }
  }

  /**
   * Finds out again whether its tickets may be read, where a right may end at any time. Tickets that may not be read any
   * more are revoked. It never throws.
   */
  async renewRights(): Promise<void> {
    const { rights } = this;
    try {
      await this.ofEachFeed((feed, caseIds) => rights.renew(feed, caseIds));
      if (this.subscriptions.length === 0 && !rights.isProven) {
        await rights.prove();
      }
    } catch (error) {
      const hasEnded = error instanceof Refusal && error.code === 'unauthorized';
      if (hasEnded || this.subscriptions.length > 0) {
        this.close(hasEnded ? 'token_expired' : 'unavailable');
      }
    }
    const isRefused = ({ feed, tickets }: LiveSubscription) =>
      [...tickets].some((caseId) => rights.isRefused(feed, caseId));
    if (this.rights === rights && this.subscriptions.some(isRefused)) {
      this.hold(rights.again());
    }
  }

  /** Closes the connection if its token has expired or its client is too slow. Called once a second. */
  check(now: number): void {
    const { limit, outlet } = this.connection;
    limit.sweep(outlet.unsentBytes);
    if (now >= this.rights.expiresAt) {
      this.close('token_expired');
    } else {
      this.connection.checkUnsent();
    }
  }

  /** A request came in. Closes the connection if its client does not read the answers. */
  requested(): void {
    this.connection.checkUnsent();
  }

  tooSlow(): void {
    this.close('slow_consumer');
  }

  /**
   * Tells the client the reason, and ends the connection.
   *
   * @param retryMs bounds of `retry_ms`; null: as the table of close reasons says
   */
  close(reason: CloseReason, retryMs: RetryBounds | null = null): void {
    this.parts.writes.flush(); // This may close the session, if the client turns out to be too slow.
    if (this.connection.isOpen) {
      this.parts.counters.closing(reason);
      this.end();
      this.outlet.close(closing(reason, Math.random(), retryMs ?? undefined));
    }
  }

  /** Ends delivery: the connection is gone or about to close. */
  end(): void {
    if (this.connection.isOpen) {
      this.connection.isOpen = false;
      this.operations.stop(connectionCloses);
      this.subscriptions.forEach((subscription) => this.leave(subscription, [...subscription.tickets]));
      this.owner.ended(this);
    }
  }

  private hold(rights: Rights): void {
    this.rights = rights;
    for (const subscription of this.subscriptions) {
      const { feed, tickets } = subscription;
      this.withdraw(
        subscription,
        [...tickets].filter((caseId) => rights.isRefused(feed, caseId)),
      );
    }
  }

  /** Ends delivery of tickets to which the client has no right any more, and tells it. */
  private withdraw(subscription: LiveSubscription, caseIds: readonly CaseId[]): void {
    if (caseIds.length > 0) {
      this.leave(subscription, caseIds);
      subscription.revoke(caseIds);
    }
  }

  private async ofEachFeed(ask: (feed: Feed, caseIds: readonly CaseId[]) => Promise<void>): Promise<void> {
    await Promise.all(this.subscriptions.map(({ feed, tickets }) => ask(feed, [...tickets])));
  }

  /** Serves a subscribe whose turn has come. It waits for nothing that is in memory. */
  private async serveInTurn(waiting: WaitingSubscribe, operation: Operation<WaitingSubscribe>): Promise<void> {
    const { parameters } = waiting;
    const { feed, caseIds } = parameters;
    const isAbandoned = () => operation.abandoned || !this.connection.isOpen;
    if (!waiting.isServed && !this.connection.hasRoom) {
      await this.connection.room(isAbandoned);
    }
    // It begins anew if rights were revoked before its replay.
    while (!waiting.isServed && !isAbandoned()) {
      const { rights } = this;
      if (caseIds.length <= this.parts.maxCases && !rights.knows(feed, caseIds)) {
        await rights.learn(feed, caseIds);
        continue;
      }
      this.admit(parameters);
      const batch = SubscribeBatch.of(waiting, operation.behind, (...joining) => this.mayJoin(...joining));
      const mayGoOn = () => this.rights === rights || waiting.isServed || this.mayGoOn(batch, feed);
      const serving = this.serve(batch, parameters, operation, () => isAbandoned() || !mayGoOn());
      if (!waiting.isServed) {
        await serving;
      }
    }
    operation.hasEnded = true;
  }

  /** Subscribes that come together are asked about together. What fails is asked about again when their turn comes. */
  private learnSoon({ feed, caseIds }: SubscriptionParameters): void {
    if (caseIds.length <= this.parts.maxCases && !this.rights.knows(feed, caseIds)) {
      this.rights.learn(feed, caseIds).catch(() => undefined);
    }
  }

  /** @throws {Refusal} before anything of a ticket is read (invariant 10) */
  private admit({ feed, caseIds }: SubscriptionParameters, together = 0): void {
    const { maxCases } = this.parts;
    if (caseIds.length > maxCases) {
      throw new Refusal('too_many', `a subscription has at most ${maxCases} tickets`);
    }
    this.rights.require(feed, caseIds);
    const named = this.find(feedKey(feed))?.tickets;
    if (named === undefined && this.subscriptions.length >= FEEDS_MAX) {
      throw new Refusal('too_many', `a connection has tickets of at most ${FEEDS_MAX} groups and languages`);
    }
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
      return false; // It is refused when its own turn comes.
    }
  }

  /** Whether a long replay that has begun goes on under other rights, with those of its tickets that they cover. */
  private mayGoOn(batch: SubscribeBatch, feed: Feed): boolean {
    const tickets = this.find(feedKey(feed))?.tickets;
    return batch.hasBegun && batch.caseIds.some((caseId) => tickets?.has(caseId));
  }

  private async serve(
    batch: SubscribeBatch,
    asked: SubscriptionParameters,
    operation: Operation<WaitingSubscribe>,
    isAbandoned: () => boolean,
  ): Promise<void> {
    const parameters = { ...asked, caseIds: batch.caseIds, isAbandoned };
    const subscription = this.subscriptionOf(asked.feed);
    subscription.recovering = {
      replaying: (part) => {
        if (isAbandoned()) {
          return false;
        }
        operation.begun();
        batch.count(part);
        return true;
      },
      recovered: (recovery) => batch.ready(recovery, this.parts.ids),
    };
    try {
      const going = { batch, parameters, subscription, subject: this.subject };
      if (!goLiveNow(this.parts, going)) {
        await goLive(this.parts, going);
      }
      if (isAbandoned()) {
        this.leave(subscription, parameters.caseIds);
      }
    } catch (error) {
      const isRefused = error instanceof Refusal;
      this.leave(subscription, isRefused ? [] : parameters.caseIds);
      if (isRefused) {
        throw error;
      }
      this.parts.onError(error);
      throw new Refusal('unavailable', 'the store is out of reach', { retryMs: STORE_RETRY_MS });
    } finally {
      subscription.recovering = null;
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
    const subscription = new LiveSubscription(feed, key, this.connection, this.parts);
    // `concat` and not a spread: V8 gives an array that was made by a spread room for 16 more elements.
    this.subscriptions = this.subscriptions.concat(subscription);
    return subscription;
  }

  /** Ends delivery of the tickets that are subscribed. If the store is out of reach, their leases end by themselves. */
  private leave(subscription: LiveSubscription, caseIds: readonly CaseId[]): void {
    const { hub, interest, counters, onError } = this.parts;
    const held = caseIds.filter((caseId) => subscription.tickets.has(caseId));
    hub.unsubscribe(subscription.feed, caseIds, subscription);
    subscription.forget(held);
    counters.subscribed(-held.length);
    if (subscription.tickets.size === 0) {
      this.subscriptions = this.subscriptions.filter((other) => other !== subscription);
    }
    interest.release(subscription.feed, held, this.subject).catch(onError);
  }
}
