import { BoundedMap } from '../model/bounded-map.js';
import type { Clock } from '../model/clock.js';
import { parseFeedKey, type FeedKey } from '../model/feed.js';
import type { CaseId } from '../model/ticket.js';
import { UPSTREAM_FAILURES, UpstreamFailure, type UpstreamFailureCode } from '../model/upstream-failure.js';
import { DEFAULT_PAUSE_MS } from './failure-policy.js';
import type { Quota } from './ports/quota.js';
import type { UnreadStore } from './ports/unread-store.js';
import type { UnreadUpstream } from './ports/unread-upstream.js';

export interface UnreadRoundParts {
  readonly upstream: UnreadUpstream;
  readonly store: UnreadStore;
  readonly quota: Quota;
  readonly clock: Clock;
  /** Resolves after `ms` milliseconds. */
  readonly wait: (ms: number) => Promise<void>;
  /** Called with what became of each request. */
  readonly onOutcome: (outcome: 'answered' | 'no_turn' | UpstreamFailureCode) => void;
}

export interface UnreadRoundOptions {
  /** `POLL_INTERVAL_MS`: the time from one round of a feed to the next. */
  readonly intervalMs: number;
  /** `UPSTREAM_MAX_CASE_IDS` */
  readonly maxCaseIds: number;
  /** How long a claim lasts if its worker dies, ms: longer than one request. */
  readonly claimMs: number;
  /** Name of this worker. */
  readonly owner: string;
}

/** A feed whose request failed is asked for again after this, ms. */
const RETRY_MS = 5000;
/** A ticket that the upstream refuses is asked for again after this, ms; so many are kept. */
const REFUSED_MS = 60_000;
const REFUSED_MAX = 10_000;

/**
 * Asks for the unread counts that clients want: one request per interval and feed for up to `UPSTREAM_MAX_CASE_IDS` tickets, by
 * one worker at a time, with the part of the quota that unknown tickets have. The counts are the account's.
 */
export class UnreadRound {
  /** Until when refused tickets are left out, ms since 1970. */
  private readonly refused = new BoundedMap<string, number>(REFUSED_MAX);

  constructor(
    private readonly parts: UnreadRoundParts,
    private readonly options: UnreadRoundOptions,
  ) {}

  /** Does what is due of a feed. @throws if the store is out of reach */
  async run(feed: FeedKey): Promise<void> {
    const { store, clock } = this.parts;
    const { intervalMs, maxCaseIds, claimMs, owner } = this.options;
    const beganAt = clock.now();
    if (!(await store.claim(feed, owner, claimMs))) {
      return;
    }
    const wanted = (await store.wanted(feed, beganAt)).filter((caseId) => !this.isRefused(feed, caseId));
    let next = beganAt + intervalMs;
    for (let at = 0; at < wanted.length; at += maxCaseIds) {
      if (at > 0) {
        await store.settle(feed, claimMs); // Another request: the claim has to outlast it.
      }
      const failedUntil = await this.ask(feed, wanted.slice(at, at + maxCaseIds));
      if (failedUntil !== null) {
        next = Math.max(next, failedUntil);
        break;
      }
    }
    await store.settle(feed, Math.max(1, next - clock.now()));
  }

  /** @returns until when the feed is left alone, ms since 1970; null if the upstream answered */
  private async ask(feed: FeedKey, caseIds: readonly CaseId[]): Promise<number | null> {
    const { upstream, store, quota, clock, onOutcome } = this.parts;
    if (!(await this.hasTurn(feed))) {
      onOutcome('no_turn');
      return clock.now() + RETRY_MS;
    }
    try {
      const counts = await upstream.unread(parseFeedKey(feed), caseIds);
      onOutcome('answered');
      await store.publish(
        feed,
        counts.filter(({ caseId }) => caseIds.includes(caseId)),
        clock.now(),
      );
      return null;
    } catch (error) {
      if (!(error instanceof UpstreamFailure)) {
        throw error;
      }
      onOutcome(error.code);
      const { retry } = UPSTREAM_FAILURES[error.code];
      if (retry === 'bisect' || retry === 'try_cursor') {
        return this.search(feed, caseIds);
      }
      const pauseMs = error.retryAfterMs ?? (retry === 'account' ? DEFAULT_PAUSE_MS : RETRY_MS);
      if (retry === 'account') {
        await quota.throttled(clock.now() + pauseMs, clock.now());
      }
      return clock.now() + pauseMs;
    }
  }

  /** The upstream refuses the request as a whole: one of its tickets may be the reason. */
  private async search(feed: FeedKey, caseIds: readonly CaseId[]): Promise<number | null> {
    const { store, clock } = this.parts;
    const [first] = caseIds;
    if (caseIds.length === 1 && first !== undefined) {
      this.refused.set(`${feed} ${first}`, clock.now() + REFUSED_MS);
      return null;
    }
    const half = Math.ceil(caseIds.length / 2);
    for (const part of [caseIds.slice(0, half), caseIds.slice(half)]) {
      await store.settle(feed, this.options.claimMs);
      const failedUntil = await this.ask(feed, part);
      if (failedUntil !== null) {
        return failedUntil;
      }
    }
    return null;
  }

  private async hasTurn(feed: FeedKey): Promise<boolean> {
    const { quota, clock, wait } = this.parts;
    const rank = clock.now();
    const until = rank + this.options.claimMs / 2;
    for (let now = rank; now < until; now = clock.now()) {
      const ms = await quota.turn({ ref: { feed, id: 'unread' }, rank, now, isUnknown: true });
      if (ms === 0) {
        return true;
      }
      await wait(Math.min(ms, Math.max(1, until - now)));
    }
    return false;
  }

  private isRefused(feed: FeedKey, caseId: CaseId): boolean {
    return (this.refused.get(`${feed} ${caseId}`) ?? 0) > this.parts.clock.now();
  }
}
