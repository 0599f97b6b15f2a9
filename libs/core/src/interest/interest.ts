import { feedKey, type Feed, type FeedKey } from '../model/feed.js';
import type { Clock } from '../model/clock.js';
import type { DueSet, PollQueue } from '../polling/ports/poll-queue.js';
import { UnknownTickets } from './unknown-tickets.js';
import { LastAnswers, type AnswerTimes } from './last-answers.js';
import type { InterestRegistry, LeaseReason } from './ports/interest-registry.js';
import type { CaseId } from '../model/ticket.js';

export interface InterestParts {
  readonly registry: InterestRegistry;
  readonly queue: PollQueue;
  readonly clock: Clock;
}

/** Tickets per registry call. It bounds the time for which one call blocks Redis. */
const CALL_TICKETS = 500;

/** Feeds whose leases are renewed at once. Deliveries wait for no more than that. */
const BATCH_FEEDS = 100;

/** Arrivals at one ticket are reported to the registry at most once in this time, ms. */
const REPORT_ARRIVAL_EVERY_MS = 1000;

/** The shortest lease, ms. A shorter one could not be renewed in time. */
const LEASE_MIN_MS = 3000;

/** One ticket that clients of this gateway want. */
interface LocalInterest {
  clients: number;
  /** When an arrival was last reported, ms since 1970; 0 if that failed. */
  reportedAt: number;
  /** The report that is on its way; null if there is none. */
  report: Promise<void> | null;
}

/**
 * What the clients of one gateway want, as leases. A lease lasts for the linger time and is renewed at a third of it. So
 * it ends one linger time after the last subscriber left, or after the gateway died.
 */
export class Interest {
  private readonly held = new Map<FeedKey, Map<CaseId, LocalInterest>>();

  private readonly leaseMs: number;
  private readonly answers: LastAnswers;
  private readonly unknown: UnknownTickets;

  /**
   * @param lingerMs `SUBSCRIPTION_LINGER_MS`
   * @param maxUnknown `MAX_UNKNOWN_CASES_PER_SUBJECT`
   */
  constructor(
    private readonly parts: InterestParts,
    lingerMs: number,
    maxUnknown = Number.POSITIVE_INFINITY,
  ) {
    this.leaseMs = Math.max(lingerMs, LEASE_MIN_MS);
    this.answers = new LastAnswers(parts.registry, parts.clock);
    const limits = { most: maxUnknown, lingerMs: this.leaseMs };
    this.unknown = new UnknownTickets(parts.registry, parts.clock, limits);
  }

  /** How often {@link renew} has to be called, ms. */
  get renewEveryMs(): number {
    return this.leaseMs / 3;
  }

  /** Whether all of these tickets are known, without a look at the store: {@link admit} has nothing to count. */
  areKnown(feed: Feed, caseIds: readonly CaseId[]): boolean {
    return this.unknown.areKnown(feedKey(feed), caseIds);
  }

  /**
   * Counts the unknown ones of these tickets, which a client is about to {@link acquire} in the same tick.
   *
   * @param subject whose client it is; null: nobody's in particular, and without a bound
   * @throws {TooManyUnknownTickets} none is counted then
   * @throws if the store is out of reach
   */
  async admit(feed: Feed, caseIds: readonly CaseId[], subject: string | null): Promise<void> {
    if (subject !== null) {
      await this.unknown.take(subject, feedKey(feed), caseIds);
    }
  }

  /**
   * {@link acquire} without waiting, where the registry was told of each ticket a moment ago.
   *
   * @returns false: nothing is held
   */
  acquireNow(feed: Feed, caseIds: readonly CaseId[]): boolean {
    const holdings = this.held.get(feedKey(feed));
    const now = this.parts.clock.now();
    const isTold = ({ reportedAt, report }: LocalInterest) => report === null && !isDue(reportedAt, now);
    const found: LocalInterest[] = [];
    for (const caseId of caseIds) {
      const holding = holdings?.get(caseId);
      if (holding === undefined || !isTold(holding)) {
        return false;
      }
      found.push(holding);
    }
    found.forEach((holding) => (holding.clients += 1));
    return true;
  }

  /**
   * A client wants these tickets from now on. Arrivals at a ticket are reported to the registry at most once per
   * second. So a thousand clients that come at once cost one call, and all of them wait for it.
   *
   * @param subject that {@link admit} was called for
   * @throws if the store is out of reach; nothing is held then
   */
  async acquire(feed: Feed, caseIds: readonly CaseId[], subject: string | null = null): Promise<void> {
    const key = feedKey(feed);
    const holdings = this.held.get(key) ?? new Map<CaseId, LocalInterest>();
    this.held.set(key, holdings);
    const now = this.parts.clock.now();
    const untold: CaseId[] = [];
    const underWay: Promise<void>[] = [];
    for (const caseId of caseIds) {
      const holding = holdings.get(caseId) ?? { clients: 0, reportedAt: 0, report: null };
      holdings.set(caseId, holding);
      holding.clients += 1;
      if (isDue(holding.reportedAt, now)) {
        untold.push(caseId);
      } else if (holding.report !== null && !underWay.includes(holding.report)) {
        underWay.push(holding.report);
      }
    }
    if (untold.length === 0 && underWay.length === 0) {
      return;
    }
    try {
      await Promise.all([this.report(key, untold, now), ...underWay]);
    } catch (error) {
      this.drop(key, caseIds);
      this.unknown.leave(subject, key, caseIds);
      throw error;
    }
  }

  /** A client does not want these tickets any more. When the last client of a ticket leaves, its linger time begins. */
  async release(feed: Feed, caseIds: readonly CaseId[], subject: string | null = null): Promise<void> {
    this.unknown.leave(subject, feedKey(feed), caseIds);
    await this.lease(feedKey(feed), this.drop(feedKey(feed), caseIds), 'renewal');
  }

  /**
   * A backend says that something happened to these tickets. Their sets are polled at once. Tickets that no client
   * wants are not polled.
   *
   * @throws if the store is out of reach
   */
  async hint(feed: Feed, caseIds: readonly CaseId[]): Promise<void> {
    await this.wakeAfter(caseIds, (part, now) => this.parts.registry.hint(feedKey(feed), part, now));
  }

  /** {@link answeredAt} without waiting; null where the store has to be asked. */
  knownAnswers(feed: Feed, caseIds: readonly CaseId[]): AnswerTimes | null {
    return this.answers.known(feedKey(feed), caseIds);
  }

  /** When the upstream last answered for these tickets. @throws if the store is out of reach */
  answeredAt(feed: Feed, caseIds: readonly CaseId[]): Promise<AnswerTimes> {
    return this.answers.of(feedKey(feed), caseIds);
  }

  /** How many clients here want a ticket, by feed. */
  clientsOf(caseId: CaseId): ReadonlyMap<FeedKey, number> {
    const counts = new Map<FeedKey, number>();
    this.held.forEach((holdings, feed) => {
      const { clients = 0 } = holdings.get(caseId) ?? {};
      if (clients > 0) {
        counts.set(feed, clients);
      }
    });
    return counts;
  }

  /**
   * Renews all leases, those of many feeds in one round trip.
   *
   * @throws if the store is out of reach; the leases of other feeds may be renewed then
   */
  async renew(): Promise<void> {
    this.unknown.sweep();
    let batch: Promise<void>[] = [];
    let tickets = 0;
    for (const [key, holdings] of this.held) {
      batch.push(this.lease(key, [...holdings.keys()], 'renewal'));
      tickets += holdings.size;
      if (batch.length >= BATCH_FEEDS || tickets >= CALL_TICKETS) {
        await Promise.all(batch);
        [batch, tickets] = [[], 0];
      }
    }
    await Promise.all(batch);
  }

  /** Reports an arrival at these tickets, which are held. Clients that come meanwhile wait for the same call. */
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

  /** Counts one client less. @returns the tickets that no client here wants any more */
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

  /**
   * Calls the registry for tickets, in calls of bounded size, and wakes the sets that are due earlier because of it.
   */
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

/** Whether an arrival has to be reported. @param reportedAt when one was reported last, ms since 1970 */
function isDue(reportedAt: number, now: number): boolean {
  return now - reportedAt >= REPORT_ARRIVAL_EVERY_MS;
}
