import type { Logger } from 'pino';
import type { CaseId, FeedKey, SetRef, UpstreamFailure, UpstreamFailureCode } from '#core';
import { LinePause } from './line-pause.js';
import { SampledLines } from './sampled-lines.js';

/** A feed of which sets get no answer. Times in ms since 1970. */
interface FailingFeed {
  readonly feed: FeedKey;
  /** When the first poll began that brought no answer. */
  readonly since: number;
  /** The last failure of each set, and when it came. */
  readonly sets: Map<number, { readonly code: UpstreamFailureCode; readonly at: number }>;
  readonly counts: Map<UpstreamFailureCode, number>;
  told: UpstreamFailureCode | null;
  last: UpstreamFailure;
}

interface HealedFeed {
  readonly feed: FeedKey;
  readonly since: number;
  readonly afterMs: number;
  readonly counts: ReadonlyMap<UpstreamFailureCode, number>;
}

const CHECK_MS = 1000;
/** A feed that gets its answers again within this time is not told, ms. Its failures are counted in the metrics. */
const TOLD_AFTER_MS = 2000;
const SUMMARY_MS = 30_000;
/** A set that was not polled here for this long is another worker's by now, or gone, ms. */
const FORGOTTEN_MS = 90_000;
/** Feeds that one line names; the others are counted. */
const NAMED_MAX = 5;
/** Time in which one line tells of refused tickets, ms. */
const TICKETS_SPAN_MS = 60_000;

/**
 * Tells operators how the upstream is for the sets of this worker: a line when feeds begin to fail, or fail with another
 * code, a summary every 30 s, and a line when they get answers again. Feeds that change within a second share a line, and
 * lines that follow each other keep a growing pause: their number does not depend on that of feeds, sets and polls.
 */
export class UpstreamReport {
  private readonly feeds = new Map<FeedKey, FailingFeed>();
  private readonly healed: HealedFeed[] = [];
  private readonly failPause = new LinePause();
  private readonly healPause = new LinePause();
  private readonly tickets: SampledLines;
  private readonly timer: NodeJS.Timeout;
  private toldAt = 0;

  constructor(
    private readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>,
    private readonly now: () => number,
  ) {
    this.tickets = new SampledLines(logger, TICKETS_SPAN_MS);
    this.timer = setInterval(() => this.check(), CHECK_MS);
    this.timer.unref();
  }

  /** @param sentAt when the poll began, ms since 1970 */
  failed({ feed, id }: SetRef, failure: UpstreamFailure, sentAt: number): void {
    const failing: FailingFeed = this.feeds.get(feed) ?? {
      feed,
      since: sentAt,
      sets: new Map(),
      counts: new Map(),
      told: null,
      last: failure,
    };
    this.feeds.set(feed, failing);
    failing.last = failure;
    failing.sets.set(id, { code: failure.code, at: this.now() });
    failing.counts.set(failure.code, (failing.counts.get(failure.code) ?? 0) + 1);
  }

  answered({ feed, id }: SetRef): void {
    const failing = this.feeds.get(feed);
    if (failing?.sets.delete(id) && failing.sets.size === 0) {
      this.feeds.delete(feed);
      if (failing.told !== null) {
        const { since, counts } = failing;
        this.healed.push({ feed, since, afterMs: this.now() - since, counts });
      }
    }
  }

  /** The upstream was found to refuse a ticket. */
  quarantined({ feed, id }: SetRef, caseId: CaseId): void {
    const fields = { part: 'upstream', feed, set: id, case_id: caseId };
    this.tickets.say('quarantined', {
      level: 'warn',
      fields,
      text: 'the upstream refuses a ticket: it is polled alone',
    });
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private check(): void {
    const now = this.now();
    this.forget(now);
    const fresh = [...this.feeds.values()].filter(
      (feed) => now - feed.since >= TOLD_AFTER_MS && mainCode(feed) !== feed.told,
    );
    if (fresh.length > 0 && this.failPause.isOver(now)) {
      this.failPause.said(now);
      this.tellFailing(fresh, now);
    } else if (now - this.toldAt >= SUMMARY_MS) {
      this.summarise(now);
    }
    if (this.healed.length > 0 && this.healPause.isOver(now)) {
      this.healPause.said(now);
      this.tellHealed(this.healed.splice(0));
    }
  }

  private tellFailing(fresh: readonly FailingFeed[], now: number): void {
    this.toldAt = now;
    for (const code of new Set(fresh.map(mainCode))) {
      const feeds = fresh.filter((feed) => mainCode(feed) === code);
      feeds.forEach((feed) => (feed.told = code));
      const [{ last } = { last: null }] = feeds;
      this.logger.warn(
        { ...fieldsOf(feeds), code, sets: setsOf(feeds), since: sinceOf(feeds), ...failureFields(last) },
        'the upstream gives no answers',
      );
    }
  }

  private summarise(now: number): void {
    const feeds = [...this.feeds.values()].filter(({ told }) => told !== null);
    const [{ last } = { last: null }] = feeds;
    if (last !== null) {
      this.toldAt = now;
      const failures = sumOf(feeds);
      feeds.forEach(({ counts }) => counts.clear());
      this.logger.warn(
        { ...fieldsOf(feeds), sets: setsOf(feeds), since: sinceOf(feeds), failures, ...failureFields(last) },
        'the upstream still gives no answers',
      );
    }
  }

  private tellHealed(healed: readonly HealedFeed[]): void {
    const afterMs = Math.round(healed.reduce((most, feed) => Math.max(most, feed.afterMs), 0));
    this.logger.info(
      { ...fieldsOf(healed), since: sinceOf(healed), after_ms: afterMs, failures: sumOf(healed) },
      `the upstream answers again after ${(afterMs / 1000).toFixed(1)} s`,
    );
  }

  private forget(now: number): void {
    for (const { feed, sets } of this.feeds.values()) {
      sets.forEach(({ at }, id) => now - at > FORGOTTEN_MS && sets.delete(id));
      if (sets.size === 0) {
        this.feeds.delete(feed);
      }
    }
  }
}

/** The code with which most sets of the feed failed last. */
function mainCode({ sets }: FailingFeed): UpstreamFailureCode {
  const counts = new Map<UpstreamFailureCode, number>();
  sets.forEach(({ code }) => counts.set(code, (counts.get(code) ?? 0) + 1));
  const [[code] = ['unavailable'] as const] = [...counts].sort(([, one], [, other]) => other - one);
  return code;
}

function fieldsOf(feeds: readonly { readonly feed: FeedKey }[]): object {
  const names = feeds.slice(0, NAMED_MAX).map(({ feed }) => feed);
  return { part: 'upstream', ...(feeds.length === 1 ? { feed: names[0] } : { feeds: feeds.length, named: names }) };
}

function failureFields(last: UpstreamFailure | null): object {
  return { reason: last?.message, ...(last?.requestId && { upstream_request_id: last.requestId }) };
}

function setsOf(feeds: readonly FailingFeed[]): number {
  return feeds.reduce((sum, { sets }) => sum + sets.size, 0);
}

function sinceOf(feeds: readonly { readonly since: number }[]): Date {
  return new Date(feeds.reduce((first, { since }) => Math.min(first, since), Number.POSITIVE_INFINITY));
}

function sumOf(feeds: readonly { readonly counts: HealedFeed['counts'] }[]): Record<string, number> {
  const sums: Record<string, number> = {};
  feeds.forEach(({ counts }) => counts.forEach((count, code) => (sums[code] = (sums[code] ?? 0) + count)));
  return sums;
}
