import { retryDelay, type Pace } from './cadence.js';
import { UPSTREAM_FAILURES, type UpstreamFailure } from '../model/upstream-failure.js';
import type { Clock } from '../model/clock.js';
import type { Quota } from './ports/quota.js';
import type { SetStore } from './ports/set-store.js';
import type { PollTelemetry } from './ports/telemetry.js';
import { afterRefusal, beginBisection, beginUnconfirmedBisection, type Bisection } from './bisection.js';
import type { TicketSet } from './ticket-set.js';
import type { CaseId } from '../model/ticket.js';

export interface FailurePolicyParts {
  readonly store: Pick<SetStore, 'fail' | 'recordBisection'>;
  readonly quota: Pick<Quota, 'throttled'>;
  readonly clock: Clock;
  readonly telemetry: Pick<PollTelemetry, 'failed' | 'quarantined'>;
  /** A number in [0, 1) at each call. */
  readonly random: () => number;
}

/** A poll that brought no answer. */
export interface FailedPoll {
  readonly set: TicketSet;
  /** Those that were due, of which a search asks for some. */
  readonly tickets: readonly CaseId[];
  readonly asked: readonly CaseId[];
  readonly bisection: Bisection | null;
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
export class FailurePolicy {
  constructor(
    private readonly parts: FailurePolicyParts,
    private readonly pace: Pace,
  ) {}

  /** What follows is in the closed table. */
  async after(failure: UpstreamFailure, poll: FailedPoll): Promise<number> {
    const { set, tickets, bisection, asked, answeredSince } = poll;
    const remains = bisection && afterRefusal(bisection, asked, answeredSince);
    switch (UPSTREAM_FAILURES[failure.code].retry) {
      case 'bisect':
        return this.refused(set, remains ?? beginBisection(asked), failure);
      case 'bisect_unconfirmed':
        // A search that took every refusal for one of a ticket starts over: this one may be of anything.
        return this.doubted(
          poll,
          bisection?.unconfirmedSince === undefined ? this.unconfirmedBisection(tickets) : remains,
          failure,
        );
      case 'own':
      case 'account':
        return this.failed(set, failure);
    }
  }

  /** The upstream refused the request because of some ticket: the search for it goes on at once. */
  private async refused(set: TicketSet, bisection: Bisection, failure: UpstreamFailure): Promise<number> {
    this.parts.telemetry.failed(failure.code);
    const now = this.parts.clock.now();
    await this.parts.store.recordBisection({ ref: set.ref, fence: set.fence, now, bisection, quarantined: [] });
    return now;
  }

  /**
   * The upstream refused the request, because of some ticket or altogether. The first search goes on at once. One that
   * came to nothing, and whatever follows, waits as after any failure, and so does a ticket that has no others beside
   * it: that the upstream answers for others is seen by other sets then, for which there has to be time before the
   * feed is called degraded.
   */
  private async doubted(poll: FailedPoll, bisection: Bisection | null, failure: UpstreamFailure): Promise<number> {
    const { set, tickets } = poll;
    const isAlone = tickets.length === 1;
    if (bisection !== null && (bisection.answered || bisection.proven || (set.failures === 0 && !isAlone))) {
      return this.refused(set, bisection, failure);
    }
    this.parts.telemetry.failed(failure.code);
    const now = this.parts.clock.now();
    const at = now + retryDelay(set.failures + 1, this.parts.random(), this.pace);
    const isTold = !isAlone || now - (bisection?.unconfirmedSince ?? now) >= this.pace.intervalMaxMs;
    const retry = { at, ...(isTold && { code: failure.code }) };
    await this.parts.store.recordBisection({ ref: set.ref, fence: set.fence, now, bisection, quarantined: [], retry });
    return at;
  }

  /** In any order: of several malformed tickets, two that hide one another do so once only. */
  private unconfirmedBisection(asked: readonly CaseId[]): Bisection {
    const drawn = asked.map((caseId) => ({ caseId, lot: this.parts.random() })).sort((a, b) => a.lot - b.lot);
    return beginUnconfirmedBisection(
      drawn.map(({ caseId }) => caseId),
      this.parts.clock.now(),
    );
  }

  /**
   * The refused ticket is found: lets the others go on without it, at once. Only where search after search meets
   * nothing but refusals is it the account that is refused rather than some tickets: then each next search waits, as
   * after any failure.
   */
  async found(set: TicketSet, bisection: Bisection, refusedTicket: CaseId): Promise<number> {
    this.parts.telemetry.quarantined();
    const now = this.parts.clock.now();
    const delay = set.failures > 0 ? retryDelay(set.failures, this.parts.random(), this.pace) : 0;
    const retry = !bisection.answered ? { retry: { at: now + delay } } : {};
    const { ref, fence } = set;
    await this.parts.store.recordBisection({
      ref,
      fence,
      now,
      bisection: null,
      quarantined: [refusedTicket],
      ...retry,
    });
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
