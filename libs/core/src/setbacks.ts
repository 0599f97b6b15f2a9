import { retryDelay, type Pace } from './cadence.js';
import { UPSTREAM_FAILURES, type UpstreamFailure } from './errors.js';
import type { Clock } from './ports/clock.js';
import type { Quota } from './ports/quota.js';
import type { SetStore } from './ports/set-store.js';
import type { PollTelemetry } from './ports/telemetry.js';
import type { Search } from './search.js';
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

  /** The upstream refused the request because of some ticket: the search for it goes on at once. */
  async refused(set: TicketSet, search: Search, failure: UpstreamFailure): Promise<number> {
    this.parts.telemetry.failed(failure.code);
    const now = this.parts.clock.now();
    await this.parts.store.suspect({ ref: set.ref, fence: set.fence, now, search, apart: [] });
    return now;
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
  async failed(set: TicketSet, failure: UpstreamFailure): Promise<number> {
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
