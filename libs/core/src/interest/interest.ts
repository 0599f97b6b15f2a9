import { feedKey, type Feed, type FeedKey } from '../model/feed.js';
import type { Clock } from '../model/clock.js';
import type { DueSet, PollQueue } from '../polling/ports/poll-queue.js';
import type { InterestRegistry, LeaseReason } from './ports/interest-registry.js';
import type { CaseId } from '../model/ticket.js';

export interface InterestParts {
  readonly registry: InterestRegistry;
  readonly queue: PollQueue;
  readonly clock: Clock;
}

/** Tickets per registry call: bounds the time that one call blocks Redis. */
const CALL_TICKETS = 500;

/** How often the registry hears that clients came to one ticket (ms). */
const REPORT_ARRIVAL_EVERY_MS = 1000;

/** The shortest lease (ms): shorter ones could not be renewed in time, so polling lingers at least this long. */
const LEASE_MIN_MS = 3000;

/** One ticket that clients of this gateway want. */
interface LocalInterest {
  clients: number;
  /** When the registry was last told of an arrival, ms since 1970; 0 where that failed. */
  reportedAt: number;
  /** What is being told now; null once it was heard, or failed. */
  report: Promise<void> | null;
}

/**
 * What the clients of one gateway want, kept alive as leases. A lease lasts the linger time and is renewed at a third
 * of it, so that it ends that long after the last subscriber left, or after the gateway that held it died.
 */
export class Interest {
  private readonly held = new Map<FeedKey, Map<CaseId, LocalInterest>>();

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
   * Some client wants these tickets now. The registry hears of arrivals at a ticket at most once a second: a thousand
   * clients that come at once cost one call, for which all of them wait.
   *
   * @throws where the store is out of reach; nothing is held then
   */
  async acquire(feed: Feed, caseIds: readonly CaseId[]): Promise<void> {
    const key = feedKey(feed);
    const holdings = this.held.get(key) ?? new Map<CaseId, LocalInterest>();
    this.held.set(key, holdings);
    const now = this.parts.clock.now();
    const untold: CaseId[] = [];
    const underWay = new Set<Promise<void>>();
    for (const caseId of caseIds) {
      const holding = holdings.get(caseId) ?? { clients: 0, reportedAt: 0, report: null };
      holdings.set(caseId, holding);
      holding.clients += 1;
      if (now - holding.reportedAt >= REPORT_ARRIVAL_EVERY_MS) {
        untold.push(caseId);
      } else if (holding.report !== null) {
        underWay.add(holding.report);
      }
    }
    try {
      await Promise.all([this.report(key, untold, now), ...underWay]);
    } catch (error) {
      this.drop(key, caseIds);
      throw error;
    }
  }

  /** A client wants these tickets no more. The last one's leave starts the linger time. */
  async release(feed: Feed, caseIds: readonly CaseId[]): Promise<void> {
    await this.lease(feedKey(feed), this.drop(feedKey(feed), caseIds), 'renewal');
  }

  /**
   * Somebody knows that something happened to these tickets, such as a backend: their sets are polled at once. Tickets
   * that nobody wants are not.
   *
   * @throws where the store is out of reach
   */
  async hint(feed: Feed, caseIds: readonly CaseId[]): Promise<void> {
    await this.wakeAfter(caseIds, (part, now) => this.parts.registry.hint(feedKey(feed), part, now));
  }

  /** Renews all leases. @throws where the store is out of reach */
  async renew(): Promise<void> {
    for (const [key, holdings] of this.held) {
      await this.lease(key, [...holdings.keys()], 'renewal');
    }
  }

  /** Tells the registry of an arrival at these tickets, which are held. Whoever comes meanwhile waits for the same. */
  private async report(key: FeedKey, caseIds: readonly CaseId[], now: number): Promise<void> {
    const report = this.lease(key, caseIds, 'arrival');
    const told = caseIds.flatMap((caseId) => this.held.get(key)?.get(caseId) ?? []);
    told.forEach((holding) => Object.assign(holding, { reportedAt: now, report }));
    const mine = () => told.filter((holding) => holding.report === report);
    try {
      await report;
    } catch (error) {
      mine().forEach((holding) => (holding.reportedAt = 0));
      throw error;
    } finally {
      mine().forEach((holding) => (holding.report = null));
    }
  }

  /** Counts down; returns the tickets that nobody here wants any more. */
  private drop(key: FeedKey, caseIds: readonly CaseId[]): CaseId[] {
    const holdings = this.held.get(key);
    const left: CaseId[] = [];
    for (const caseId of caseIds) {
      const holding = holdings?.get(caseId);
      if (holding !== undefined && (holding.clients -= 1) <= 0) {
        holdings?.delete(caseId);
        left.push(caseId);
      }
    }
    if (holdings?.size === 0) {
      this.held.delete(key);
    }
    return left;
  }

  private lease(key: FeedKey, caseIds: readonly CaseId[], reason: LeaseReason): Promise<void> {
    const { registry } = this.parts;
    return this.wakeAfter(caseIds, (part, now) => registry.want(key, part, now, now + this.leaseMs, reason));
  }

  /** Tells the registry of tickets, in bounded calls, and wakes the sets that want a poll earlier because of it. */
  private async wakeAfter(
    caseIds: readonly CaseId[],
    tell: (part: readonly CaseId[], now: number) => Promise<DueSet[]>,
  ): Promise<void> {
    const { queue, clock } = this.parts;
    for (let start = 0; start < caseIds.length; start += CALL_TICKETS) {
      await queue.wake(await tell(caseIds.slice(start, start + CALL_TICKETS), clock.now()));
    }
  }
}
