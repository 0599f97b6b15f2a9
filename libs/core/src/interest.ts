import { feedKey, type Feed, type FeedKey } from './feed.js';
import type { Clock } from './ports/clock.js';
import type { InterestRegistry, PollQueue } from './ports/interest-registry.js';
import type { CaseId } from './ticket.js';

export interface InterestParts {
  readonly registry: InterestRegistry;
  readonly queue: PollQueue;
  readonly clock: Clock;
}

/** Tickets per registry call: bounds the time that one call blocks Redis. */
const CALL_TICKETS = 500;

/** The shortest lease (ms): shorter ones could not be renewed in time, so polling lingers at least this long. */
const LEASE_MIN_MS = 3000;

/**
 * What the clients of one gateway want, kept alive as leases. A lease lasts the linger time and is renewed at a third
 * of it, so that it ends that long after the last subscriber left, or after the gateway that held it died.
 */
export class Interest {
  private readonly held = new Map<FeedKey, Map<CaseId, number>>();

  private readonly leaseMs: number;

  /** @param lingerMs `SUBSCRIPTION_LINGER_MS` */
  constructor(
    private readonly parts: InterestParts,
    lingerMs: number,
  ) {
    this.leaseMs = Math.max(lingerMs, LEASE_MIN_MS);
  }

  /** How often {@link renew} is to be called, ms. */
  get renewEveryMs(): number {
    return this.leaseMs / 3;
  }

  /**
   * Some client wants these tickets now. Tickets that are held already cost nothing.
   * @throws where the store is out of reach; nothing is held then
   */
  async acquire(feed: Feed, caseIds: readonly CaseId[]): Promise<void> {
    const key = feedKey(feed);
    const counts = this.held.get(key) ?? new Map<CaseId, number>();
    this.held.set(key, counts);
    const fresh = caseIds.filter((caseId) => !counts.has(caseId));
    caseIds.forEach((caseId) => counts.set(caseId, (counts.get(caseId) ?? 0) + 1));
    try {
      await this.lease(key, fresh);
    } catch (error) {
      this.drop(key, caseIds);
      throw error;
    }
  }

  /** A client wants these tickets no more. The last one's leave starts the linger time. */
  async release(feed: Feed, caseIds: readonly CaseId[]): Promise<void> {
    await this.lease(feedKey(feed), this.drop(feedKey(feed), caseIds));
  }

  /** Renews all leases. @throws where the store is out of reach */
  async renew(): Promise<void> {
    for (const [key, counts] of this.held) {
      await this.lease(key, [...counts.keys()]);
    }
  }

  /** Counts down; returns the tickets that nobody here wants any more. */
  private drop(key: FeedKey, caseIds: readonly CaseId[]): CaseId[] {
    const counts = this.held.get(key);
    const left = caseIds.filter((caseId) => counts?.get(caseId) === 1);
    caseIds.forEach((caseId) => counts?.set(caseId, (counts.get(caseId) ?? 1) - 1));
    left.forEach((caseId) => counts?.delete(caseId));
    if (counts?.size === 0) {
      this.held.delete(key);
    }
    return left;
  }

  private async lease(key: FeedKey, caseIds: readonly CaseId[]): Promise<void> {
    for (let start = 0; start < caseIds.length; start += CALL_TICKETS) {
      const now = this.parts.clock.now();
      const part = caseIds.slice(start, start + CALL_TICKETS);
      const sets = await this.parts.registry.want(key, part, now, now + this.leaseMs);
      await this.parts.queue.wake(sets);
    }
  }
}
