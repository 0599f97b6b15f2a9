import { intervalFor, retryDelay, type Pace } from './cadence.js';
import { UPSTREAM_FAILURES, type UpstreamFailure } from '../model/upstream-failure.js';
import type { Clock } from '../model/clock.js';
import type { Quota } from './ports/quota.js';
import type { SetStore } from './ports/set-store.js';
import type { PollTelemetry } from './ports/telemetry.js';
import { afterRefusal, beginBisection, refusedTicketOf, type Bisection, type RefusedProbe } from './bisection.js';
import { isTryingCursor, type CursorTrial } from './cursor-trial.js';
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
  /** When the request began, ms since 1970. */
  readonly sentAt: number;
  /** The tickets that were due. A step of a bisection asks for some of them. */
  readonly tickets: readonly CaseId[];
  readonly asked: readonly CaseId[];
  readonly bisection: Bisection | null;
  /** The trial that a bisection begins with if the cursor may be the reason; null: the request had no cursor. */
  readonly cursorTrial: CursorTrial | null;
  /**
   * When the newest request was sent that the upstream had answered before this one was sent, ms since 1970. A later
   * answer proves nothing about this refusal.
   */
  readonly answeredSince: number;
}

/** How long the account pauses after a 429 that names no time, ms. */
export const DEFAULT_PAUSE_MS = 2000;

/**
 * Decides what follows from a poll that brought no answer (invariant 5). Each method returns when the set is to be
 * polled again, ms since 1970.
 */
export class FailurePolicy {
  constructor(
    private readonly parts: FailurePolicyParts,
    private readonly pace: Pace,
  ) {}

  /** Follows the closed table {@link UPSTREAM_FAILURES}. */
  async after(failure: UpstreamFailure, poll: FailedPoll): Promise<number> {
    switch (UPSTREAM_FAILURES[failure.code].retry) {
      case 'bisect':
      case 'try_cursor':
        return this.refused(poll, failure);
      case 'own':
      case 'account':
        return this.failed(poll, failure);
    }
  }

  /**
   * The upstream refused the request, because of one ticket, of the cursor, or of the account. The next step of a
   * bisection follows at once in the first bisection of a set, and while the upstream answers for others. Otherwise it
   * waits as after any failure.
   */
  private async refused(poll: FailedPoll, failure: UpstreamFailure): Promise<number> {
    const { set, tickets, asked, answeredSince } = poll;
    this.parts.telemetry.failed(set.ref, failure, poll.sentAt);
    const now = this.parts.clock.now();
    const probe = { asked, now, answeredSince };
    const refusedTicket = poll.bisection && refusedTicketOf(poll.bisection, probe);
    if (refusedTicket !== null) {
      return this.found(poll, refusedTicket, now);
    }
    const bisection = poll.bisection ? afterRefusal(poll.bisection, probe) : this.begin(poll, failure, probe);
    const { since } = poll.bisection ?? bisection ?? { since: now };
    const step = { ref: set.ref, fence: set.fence, now, bisection, quarantined: [] };
    if (bisection !== null && this.continuesAtOnce(bisection, poll)) {
      await this.parts.store.recordBisection(step);
      return now;
    }
    const at = now + this.delayAfter(set, set.failures + 1, now);
    // For a set of one ticket, only polls of other sets show that the upstream answers for others. That takes some time.
    const isTold = tickets.length > 1 || now - since >= this.pace.intervalMaxMs;
    await this.parts.store.recordBisection({ ...step, retry: { at, ...(isTold && { code: failure.code }) } });
    return at;
  }

  /** The bisection after the first refusal. While the cursor may be the reason, it says nothing of any ticket. */
  private begin({ tickets, cursorTrial }: FailedPoll, failure: UpstreamFailure, probe: RefusedProbe): Bisection | null {
    const trial = UPSTREAM_FAILURES[failure.code].retry === 'try_cursor' ? cursorTrial : null;
    const begun = beginBisection(this.shuffled(tickets), probe.now, trial);
    return trial === null ? afterRefusal(begun, probe) : begun;
  }

  private continuesAtOnce(
    { cleared, since, alone, cursorTrial }: Bisection,
    { set, tickets, answeredSince }: FailedPoll,
  ): boolean {
    if (!isTryingCursor(cursorTrial) && (tickets.length === 1 || alone?.others === 'refused')) {
      return false; // Only the polls of other sets can show that the upstream answers for others.
    }
    return set.failures === 0 || cleared.length > 0 || answeredSince > since;
  }

  /**
   * Two refused tickets in different halves end a bisection without a result. In another order the next one finds one
   * of them.
   */
  private shuffled(asked: readonly CaseId[]): readonly CaseId[] {
    const drawn = asked.map((caseId) => ({ caseId, rank: this.parts.random() })).sort((a, b) => a.rank - b.rank);
    return drawn.map(({ caseId }) => caseId);
  }

  /** How long a set waits after `failures` failed polls in a row, ms. */
  private delayAfter(set: TicketSet, failures: number, now: number): number {
    return retryDelay(failures, this.parts.random(), intervalFor(now - set.activeAt, this.pace));
  }

  /**
   * The refused ticket is found. The others are polled without it, at once. If no ticket of the set was answered for,
   * the next poll waits as after any failure.
   */
  private async found({ set, bisection }: FailedPoll, refusedTicket: CaseId, now: number): Promise<number> {
    const { ref, fence } = set;
    this.parts.telemetry.quarantined(ref, refusedTicket);
    const isOneOfMany = bisection !== null && (bisection.cleared.length > 0 || bisection.alone?.others === 'answered');
    const at = isOneOfMany ? now : now + this.delayAfter(set, set.failures + 1, now);
    const step = { ref, fence, now, bisection: null, quarantined: [refusedTicket] };
    await this.parts.store.recordBisection({ ...step, ...(!isOneOfMany && { retry: { at } }) });
    return at;
  }

  /** Any other failure: this set pauses, or the whole account. */
  private async failed({ set, sentAt }: FailedPoll, failure: UpstreamFailure): Promise<number> {
    this.parts.telemetry.failed(set.ref, failure, sentAt);
    const now = this.parts.clock.now();
    const throttled = UPSTREAM_FAILURES[failure.code].retry === 'account';
    const own = this.delayAfter(set, set.failures + 1, now);
    const pauseMs = failure.retryAfterMs ?? (throttled ? DEFAULT_PAUSE_MS : 0);
    const at = now + Math.max(own, pauseMs);
    await this.parts.store.fail({ ref: set.ref, fence: set.fence, now, code: failure.code, dueAt: at });
    if (throttled) {
      await this.parts.quota.throttled(now + pauseMs, now);
    }
    return at;
  }
}
