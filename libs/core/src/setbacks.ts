import { retryDelay, type Pace } from './cadence.js';
import { UPSTREAM_FAILURES, type UpstreamFailure } from './errors.js';
import type { Clock } from './ports/clock.js';
import type { Quota } from './ports/quota.js';
import type { SetStore } from './ports/set-store.js';
import type { PollTelemetry } from './ports/telemetry.js';
import { afterRefusal, beginSearch, beginWarySearch, type Search } from './search.js';
import type { TicketSet } from './ticket-set.js';
import type { CaseId } from './ticket.js';

export interface SetbackParts {
  readonly store: Pick<SetStore, 'fail' | 'suspect'>;
  readonly quota: Pick<Quota, 'throttled'>;
  readonly clock: Clock;
  readonly telemetry: Pick<PollTelemetry, 'failed' | 'setApart'>;
  /** A number in [0, 1) at each call. */
  readonly random: () => number;
}

/** A poll that brought no answer. */
export interface FailedPoll {
  readonly set: TicketSet;
  /** Those that were due, of which a search asks for some. */
  readonly tickets: readonly CaseId[];
  readonly asked: readonly CaseId[];
  readonly search: Search | null;
  /**
   * When the newest request was sent that the upstream had answered by the time this one was sent, ms since 1970: an answer
   * to one that was sent earlier, or that came later, says nothing of the time of this refusal.
   */
  readonly answeredSince: number;
}

/** How long to leave an account alone after a 429 that names no time, ms. */
const DEFAULT_PAUSE_MS = 2000;

/**
 * What becomes of a set whose poll brought no answer (invariant 5): each says when the set is to be looked at again,
 * in milliseconds since 1970.
 */
export class Setbacks {
  constructor(
    private readonly parts: SetbackParts,
    private readonly pace: Pace,
  ) {}

  /** What follows is in the closed table. */
  async after(failure: UpstreamFailure, poll: FailedPoll): Promise<number> {
    const { set, tickets, search, asked, answeredSince } = poll;
    const remains = search && afterRefusal(search, asked, answeredSince);
    switch (UPSTREAM_FAILURES[failure.code].retry) {
      case 'search':
        return this.refused(set, remains ?? beginSearch(asked), failure);
      case 'wary_search':
        // A search that took every refusal for one of a ticket starts over: this one may be of anything.
        return this.doubted(poll, search?.warySince === undefined ? this.warySearch(tickets) : remains, failure);
      case 'own':
      case 'account':
        return this.failed(set, failure);
    }
  }

  /** The upstream refused the request because of some ticket: the search for it goes on at once. */
  private async refused(set: TicketSet, search: Search, failure: UpstreamFailure): Promise<number> {
    this.parts.telemetry.failed(failure.code);
    const now = this.parts.clock.now();
    await this.parts.store.suspect({ ref: set.ref, fence: set.fence, now, search, apart: [] });
    return now;
  }

  /**
   * The upstream refused the request, because of some ticket or altogether. The first search goes on at once. One that
   * came to nothing, and whatever follows, waits as after any failure, and so does a ticket that has no others beside
   * it: that the upstream answers for others is seen by other sets then, for which there has to be time before the
   * feed is called degraded.
   */
  private async doubted(poll: FailedPoll, search: Search | null, failure: UpstreamFailure): Promise<number> {
    const { set, tickets } = poll;
    const isAlone = tickets.length === 1;
    if (search !== null && (search.answered || search.proven || (set.failures === 0 && !isAlone))) {
      return this.refused(set, search, failure);
    }
    this.parts.telemetry.failed(failure.code);
    const now = this.parts.clock.now();
    const at = now + retryDelay(set.failures + 1, this.parts.random(), this.pace);
    const isTold = !isAlone || now - (search?.warySince ?? now) >= this.pace.intervalMaxMs;
    const retry = { at, ...(isTold && { code: failure.code }) };
    await this.parts.store.suspect({ ref: set.ref, fence: set.fence, now, search, apart: [], retry });
    return at;
  }

  /** In any order: of several malformed tickets, two that hide one another do so once only. */
  private warySearch(asked: readonly CaseId[]): Search {
    const drawn = asked.map((caseId) => ({ caseId, lot: this.parts.random() })).sort((a, b) => a.lot - b.lot);
    return beginWarySearch(
      drawn.map(({ caseId }) => caseId),
      this.parts.clock.now(),
    );
  }

  /**
   * The refused ticket is found: lets the others go on without it, at once. Only where search after search meets
   * nothing but refusals is it the account that is refused rather than some tickets: then each next search waits, as
   * after any failure.
   */
  async found(set: TicketSet, search: Search, culprit: CaseId): Promise<number> {
    this.parts.telemetry.setApart();
    const now = this.parts.clock.now();
    const delay = set.failures > 0 ? retryDelay(set.failures, this.parts.random(), this.pace) : 0;
    const retry = !search.answered ? { retry: { at: now + delay } } : {};
    const { ref, fence } = set;
    await this.parts.store.suspect({ ref, fence, now, search: null, apart: [culprit], ...retry });
    return retry.retry?.at ?? now;
  }

  /** Anything else: this set, or the whole account, is left alone for a while. */
  private async failed(set: TicketSet, failure: UpstreamFailure): Promise<number> {
    this.parts.telemetry.failed(failure.code);
    const now = this.parts.clock.now();
    const throttled = UPSTREAM_FAILURES[failure.code].retry === 'account';
    const own = retryDelay(set.failures + 1, this.parts.random(), this.pace);
    const pauseMs = failure.retryAfterMs ?? (throttled ? DEFAULT_PAUSE_MS : 0);
    const at = now + Math.max(own, pauseMs);
    await this.parts.store.fail({ ref: set.ref, fence: set.fence, now, code: failure.code, dueAt: at });
    if (throttled) {
      await this.parts.quota.throttled(now + pauseMs, now);
    }
    return at;
  }
}
