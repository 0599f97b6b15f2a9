import {
  feedKey,
  isUnreadTopic,
  unreadTopic,
  type CaseId,
  type Clock,
  type Feed,
  type FeedKey,
  type Hub,
  type Subscriber,
  type SubscribeRequest,
  type UnreadStore,
} from '#core';

/** A request of a client that may want unread counts, too. */
export interface UnreadRequest extends SubscribeRequest {
  readonly unread?: boolean;
}

export interface UnreadHubParts {
  readonly hub: Pick<Hub, 'subscribe' | 'subscribeNow' | 'unsubscribe'>;
  readonly store: Pick<UnreadStore, 'want'>;
  readonly clock: Clock;
  /** `SUBSCRIPTION_LINGER_MS` */
  readonly lingerMs: number;
  readonly onError: (error: unknown) => void;
}

/** Tickets of one call to the store. */
const CALL_TICKETS = 500;
/** The shortest lease, ms. */
const LEASE_MIN_MS = 3000;

/**
 * The hub as sessions use it: a subscription that asks for unread counts has one topic more for each ticket. While clients here
 * want the counts of a ticket, it is leased to the workers.
 */
export class UnreadHub {
  /** How many clients want the counts of each ticket. */
  private readonly held = new Map<FeedKey, Map<CaseId, number>>();
  private readonly ofSubscriber = new WeakMap<Subscriber, Set<CaseId>>();
  private readonly leaseMs: number;
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly parts: UnreadHubParts) {
    this.leaseMs = Math.max(parts.lingerMs, LEASE_MIN_MS);
    this.timer = setInterval(() => void this.renew().catch(parts.onError), this.leaseMs / 3);
    this.timer.unref();
  }

  /** @see Hub.subscribeNow */
  subscribeNow(feed: Feed, request: UnreadRequest, subscriber: Subscriber): boolean {
    return request.unread !== true && this.parts.hub.subscribeNow(feed, request, subscriber);
  }

  /** @throws if the store is out of reach; then the subscriber is not subscribed */
  async subscribe(feed: Feed, { unread = false, ...request }: UnreadRequest, subscriber: Subscriber): Promise<void> {
    const { hub } = this.parts;
    if (!unread) {
      return hub.subscribe(feed, request, subscriber);
    }
    await this.hold(feed, request.caseIds, subscriber);
    return hub.subscribe(feed, { ...request, caseIds: withUnread(request.caseIds) }, subscriber);
  }

  unsubscribe(feed: Feed, caseIds: readonly CaseId[], subscriber: Subscriber): void {
    this.release(feed, caseIds, subscriber);
    this.parts.hub.unsubscribe(feed, withUnread(caseIds), subscriber);
  }

  /** The store has forgotten what is wanted. @throws if it is out of reach */
  async renew(): Promise<void> {
    for (const [feed, counts] of this.held) {
      await this.want(feed, [...counts.keys()]);
    }
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async hold(feed: Feed, caseIds: readonly CaseId[], subscriber: Subscriber): Promise<void> {
    const key = feedKey(feed);
    const counts = this.held.get(key) ?? new Map<CaseId, number>();
    const own = this.ofSubscriber.get(subscriber) ?? new Set<CaseId>();
    this.held.set(key, counts);
    this.ofSubscriber.set(subscriber, own);
    const fresh = caseIds.filter((caseId) => !own.has(caseId));
    fresh.forEach((caseId) => own.add(caseId));
    fresh.forEach((caseId) => counts.set(caseId, (counts.get(caseId) ?? 0) + 1));
    await this.want(
      key,
      fresh.filter((caseId) => counts.get(caseId) === 1),
    );
  }

  private release(feed: Feed, caseIds: readonly CaseId[], subscriber: Subscriber): void {
    const key = feedKey(feed);
    const counts = this.held.get(key);
    const own = this.ofSubscriber.get(subscriber);
    for (const caseId of caseIds) {
      if (own?.delete(caseId) === true && counts !== undefined) {
        const left = (counts.get(caseId) ?? 1) - 1;
        if (left > 0) {
          counts.set(caseId, left);
        } else {
          counts.delete(caseId);
        }
      }
    }
    if (counts?.size === 0) {
      this.held.delete(key);
    }
  }

  private async want(feed: FeedKey, caseIds: readonly CaseId[]): Promise<void> {
    const { store, clock } = this.parts;
    for (let at = 0; at < caseIds.length; at += CALL_TICKETS) {
      await store.want(feed, caseIds.slice(at, at + CALL_TICKETS), clock.now() + this.leaseMs);
    }
  }
}

function withUnread(caseIds: readonly CaseId[]): CaseId[] {
  return [...caseIds, ...caseIds.map(unreadTopic)];
}

/** The tickets among these names. */
export function ticketsOnly(names: readonly CaseId[]): readonly CaseId[] {
  return names.some(isUnreadTopic) ? names.filter((name) => !isUnreadTopic(name)) : names;
}
