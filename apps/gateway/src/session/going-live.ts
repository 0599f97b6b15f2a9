import type { CaseId, Hub, Interest, SubscribeRequest } from '#core';
import type { SubscriptionParameters } from '../edge/subscription-parameters.js';
import { admitUnknown } from '../edge/admit-unknown.js';
import type { DeliveryCounters } from './delivery-counters.js';
import type { LiveSubscription } from './live-subscription.js';
import type { SubscribeBatch } from './subscribe-batch.js';

export interface GoingLiveParts {
  /** It is asked with the parameters of a subscription, which say whether unread counts are wanted, too. */
  readonly hub: Pick<Hub, 'subscribe' | 'subscribeNow' | 'unsubscribe'>;
  readonly interest: Interest;
  readonly counters: DeliveryCounters;
}

/** Tickets that are about to be delivered. */
export interface Going {
  readonly batch: SubscribeBatch;
  readonly parameters: SubscriptionParameters & Pick<SubscribeRequest, 'isAbandoned'>;
  readonly subscription: LiveSubscription;
  /** Whose client it is; null: nobody's in particular. */
  readonly subject: string | null;
}

/**
 * {@link goLive} without waiting, where the tickets are the first ones of the connection and everything is in memory.
 *
 * @returns false: {@link goLive} has to do what is left
 */
export function goLiveNow(parts: GoingLiveParts, going: Going): boolean {
  const { hub, interest } = parts;
  const { batch, parameters, subscription, subject } = going;
  const { feed, caseIds } = parameters;
  const mayBeHeld = subscription.tickets.size === 0 && (subject === null || interest.areKnown(feed, caseIds));
  const answers = mayBeHeld ? interest.knownAnswers(feed, caseIds) : null;
  if (answers === null || !interest.acquireNow(feed, caseIds)) {
    return false;
  }
  follow(parts, subscription, caseIds);
  batch.answers = answers;
  return hub.subscribeNow(feed, parameters, subscription);
}

/** Acquires interest in tickets, and subscribes to them. @throws if the store is out of reach */
export async function goLive(parts: GoingLiveParts, going: Going): Promise<void> {
  const { hub, interest } = parts;
  const { batch, parameters, subscription, subject } = going;
  const { feed, caseIds } = parameters;
  const fresh = caseIds.filter((caseId) => !subscription.tickets.has(caseId));
  await admitUnknown(interest, feed, fresh, subject);
  // A ticket that is live is removed first. Otherwise its events would come twice, or before the replay.
  hub.unsubscribe(feed, caseIds, subscription);
  await interest.acquire(feed, fresh, subject);
  follow(parts, subscription, fresh);
  batch.answers = await interest.answeredAt(feed, caseIds);
  await hub.subscribe(feed, parameters, subscription);
}

/** The interest in these tickets is acquired. */
function follow({ counters }: GoingLiveParts, { tickets }: LiveSubscription, caseIds: readonly CaseId[]): void {
  caseIds.forEach((caseId) => tickets.add(caseId));
  counters.subscribed(caseIds.length);
}
