import { feedKey, type CaseId, type Feed, type Interest } from '#core';
import type { DropInMetrics } from '#ops';
import { Refusal, TOO_MANY_REQUESTS } from '#protocol';
import { admitUnknown } from '../edge/admit-unknown.js';

/** Most tickets that polls of all subjects hold in one process. */
const HELD_MAX = 100_000;
/** When a subject may come back that holds too many tickets, ms. */
const TOO_MANY_RETRY_MS = 5000;

interface Held {
  readonly feed: Feed;
  /** Until when each ticket is held, milliseconds of the monotonic clock. */
  readonly until: Map<CaseId, number>;
}

/** Holds the interest of clients that poll: a poll is over in a moment, and the next one comes soon. */
export class PolledInterest {
  /** By subject, then by feed. */
  private readonly held = new Map<string, Map<string, Held>>();
  private total = 0;

  constructor(
    private readonly interest: Pick<Interest, 'admit' | 'acquire' | 'release'>,
    /** `DROPIN_LEASE_MS` */
    private readonly leaseMs: number,
    /** Most tickets that one subject may hold. */
    private readonly maxOfSubject: number,
    private readonly onError: (error: unknown) => void,
    private readonly metrics: Pick<DropInMetrics, 'holds'>,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /**
   * Holds these tickets from now on, for `DROPIN_LEASE_MS`.
   *
   * @returns those that the subject did not hold before
   * @throws {Refusal} `too_many`; and what the store throws if it is out of reach
   */
  async follow(subject: string, feed: Feed, caseIds: readonly CaseId[]): Promise<readonly CaseId[]> {
    const feeds = this.held.get(subject) ?? new Map<string, Held>();
    const key = feedKey(feed);
    const held = feeds.get(key) ?? { feed, until: new Map<CaseId, number>() };
    const fresh = caseIds.filter((caseId) => !held.until.has(caseId));
    const ofSubject = [...feeds.values()].reduce((sum, { until }) => sum + until.size, 0);
    if (fresh.length > 0 && (ofSubject + fresh.length > this.maxOfSubject || this.total + fresh.length > HELD_MAX)) {
      throw new Refusal('too_many', 'too many tickets were polled in a short time', {
        status: TOO_MANY_REQUESTS,
        retryMs: TOO_MANY_RETRY_MS,
      });
    }
    this.held.set(subject, feeds);
    feeds.set(key, held);
    const until = this.now() + this.leaseMs;
    caseIds.forEach((caseId) => held.until.set(caseId, until));
    this.total += fresh.length;
    this.metrics.holds(fresh.length);
    if (fresh.length > 0) {
      await this.acquire(feed, fresh, subject).catch((error: unknown) => {
        this.forget(held, fresh);
        throw error;
      });
    }
    return fresh;
  }

  /** Called once a second: gives up what was not polled for long enough. */
  sweep(): void {
    const now = this.now();
    for (const [subject, feeds] of this.held) {
      for (const [key, held] of feeds) {
        const over = [...held.until].filter(([, until]) => now >= until).map(([caseId]) => caseId);
        this.forget(held, over);
        if (over.length > 0) {
          this.interest.release(held.feed, over, subject).catch(this.onError);
        }
        if (held.until.size === 0) {
          feeds.delete(key);
        }
      }
      if (feeds.size === 0) {
        this.held.delete(subject);
      }
    }
  }

  private async acquire(feed: Feed, caseIds: readonly CaseId[], subject: string): Promise<void> {
    await admitUnknown(this.interest, feed, caseIds, subject);
    await this.interest.acquire(feed, caseIds, subject);
  }

  private forget(held: Held, caseIds: readonly CaseId[]): void {
    const count = caseIds.filter((caseId) => held.until.delete(caseId)).length;
    this.total -= count;
    this.metrics.holds(-count);
  }
}
