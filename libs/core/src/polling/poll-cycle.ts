import type { Clock } from '../model/clock.js';
import type { Digest } from '../model/fingerprint.js';
import type { SetRef } from '../model/set-ref.js';
import type { CaseId } from '../model/ticket.js';
import { UpstreamFailure } from '../model/upstream-failure.js';
import { afterAnswer, nextProbe, stillWithin, type Bisection } from './bisection.js';
import { nextDue, type Pace } from './cadence.js';
import { beginCursorTrial, historyOfTrial, isTryingCursor } from './cursor-trial.js';
import { EMPTY_WINDOW, type DeliveredWindow } from './delta.js';
import { FailurePolicy } from './failure-policy.js';
import type { Quota } from './ports/quota.js';
import type { Committed, SetStore } from './ports/set-store.js';
import type { PollTelemetry } from './ports/telemetry.js';
import type { UpstreamLiveness } from './ports/upstream-liveness.js';
import type { Upstream } from './ports/upstream.js';
import { SetLeases, type LeaseTerms } from './set-lease.js';
import { SetPoller, type KnownSet, type SettledPoll } from './set-poller.js';
import type { TicketSet } from './ticket-set.js';

export interface PollOptions extends Pace {
  /** `POLL_OVERLAP_MS`. */
  readonly overlapMs: number;
  /** Owner and duration of the set leases. */
  readonly lease: LeaseTerms;
}

/** What happens to the set's job: it runs again `at` (ms since 1970), or the set is gone. */
export type Next =
  | { readonly kind: 'again'; readonly at: number; /** Somebody else polls it. */ readonly isTaken?: true }
  | { readonly kind: 'gone' };

export interface PollCycleParts {
  readonly store: SetStore;
  readonly upstream: Upstream;
  readonly quota: Quota;
  readonly liveness: UpstreamLiveness;
  readonly clock: Clock;
  readonly digest: Digest;
  readonly telemetry: PollTelemetry;
  /** A number in [0, 1) at each call. */
  readonly random: () => number;
}

/** What one request asks for. */
interface Asked {
  readonly asked: readonly CaseId[];
  /** All of them are joining. */
  readonly isBackfill: boolean;
  readonly bisection: Bisection | null;
}

/** A job that runs early by no more than this counts as due, ms: clocks of processes differ by some milliseconds. */
const DUE_TOLERANCE_MS = 20;

/** A set that was active within this many full-pace intervals gets its turn first: people wait for its answer. */
const ACTIVE_INTERVALS = 30;

const NEVER = Number.NEGATIVE_INFINITY;

/** One request for one ticket set, from taking the set to the committed result. */
export class PollCycle {
  private readonly leases: SetLeases;
  private readonly poller: SetPoller;
  private readonly failurePolicy: FailurePolicy;

  constructor(
    private readonly parts: PollCycleParts,
    private readonly options: PollOptions,
  ) {
    this.leases = new SetLeases(options.lease);
    this.poller = new SetPoller(parts, { ...options, leaseMs: options.lease.leaseMs });
    this.failurePolicy = new FailurePolicy(parts, options);
  }

  /**
   * Sends one request for a set if one is due: for its joining tickets, else for its members.
   *
   * @throws if the store is out of reach
   */
  async run(ref: SetRef): Promise<Next> {
    const now = this.parts.clock.now();
    if (!this.leases.startPoll(ref)) {
      this.parts.telemetry.discarded('busy');
      return { kind: 'again', at: now + this.options.intervalMs, isTaken: true };
    }
    try {
      return await this.take(ref, now);
    } finally {
      this.leases.endPoll(ref);
    }
  }

  /** Takes the set from this process's reservation, or from the store, and polls it. */
  private async take(ref: SetRef, now: number): Promise<Next> {
    const reserved = this.leases.takeReservation(ref, now);
    if (reserved) {
      return this.poll(reserved.set, { now, sendBy: this.leases.sendBy(reserved.lease) }, reserved.window);
    }
    const lease = this.leases.leaseFrom(now);
    const begun = await this.parts.store.begin(ref, now, lease);
    switch (begun.kind) {
      case 'gone':
        this.parts.telemetry.discarded('gone');
        return { kind: 'gone' };
      case 'busy':
        this.parts.telemetry.discarded('busy');
        return { kind: 'again', at: begun.until, isTaken: true };
      case 'begun':
        return this.poll(begun.set, { now, sendBy: this.leases.sendBy(lease) }, EMPTY_WINDOW);
    }
  }

  /** The set was changed elsewhere: it is read again before its next poll. */
  changed(ref: SetRef): void {
    this.leases.changed(ref);
  }

  /** Gives up a set that this process does not poll again. @throws if the store is out of reach */
  async release(ref: SetRef): Promise<void> {
    if (this.leases.giveUp(ref)) {
      await this.parts.store.release(ref, this.options.lease.owner);
    }
  }

  /** @param time `sendBy`: a request that is sent later might outlast the lease */
  private async poll(
    set: TicketSet,
    { now, sendBy }: { readonly now: number; readonly sendBy: number },
    window: DeliveredWindow,
  ): Promise<Next> {
    const due = now >= set.dueAt - DUE_TOLERANCE_MS;
    // Tickets that were moved here are backfilled at once. A staging set gathers tickets until it is due.
    const backfills = set.joining.length > 0 && (due || set.members.length > 0);
    if (!backfills && !due) {
      return this.releaseUntil(set, set.dueAt); // For example, the reconciler made the job again.
    }
    const active = now - set.activeAt <= ACTIVE_INTERVALS * this.options.intervalMs;
    const rank = active ? set.dueAt : set.dueAt + this.options.intervalMs;
    const tickets = backfills ? set.joining : set.members;
    const bisection = set.bisection && stillWithin(set.bisection, tickets);
    const wait = await this.parts.quota.turn({ ref: set.ref, rank, now, isUnknown: mayBeUnknown(set, backfills) });
    if (wait > 0) {
      return this.releaseUntil(set, now + wait);
    }
    const answeredSince = bisection === null ? NEVER : await this.parts.liveness.newest();
    if (this.parts.clock.now() > sendBy) {
      // This process stood still. Another worker may have the set now, so it is read again.
      return { kind: 'again', at: this.parts.clock.now() };
    }
    const sentAt = this.parts.clock.now();
    const asked = bisection ? nextProbe(bisection, tickets, set.members, answeredSince) : tickets;
    try {
      const isBackfill = backfills && asked.every((caseId) => set.joining.includes(caseId));
      const polled = await this.send(set, { asked, isBackfill, bisection }, window);
      return this.afterPoll(set, polled, bisection, due);
    } catch (error) {
      if (!(error instanceof UpstreamFailure)) {
        throw error;
      }
      const cursorTrial = backfills ? null : beginCursorTrial(set.cursorHistory, this.options.overlapMs);
      const failed = { set, sentAt, tickets, asked, bisection, cursorTrial, answeredSince };
      const at = await this.failurePolicy.after(error, failed);
      return { kind: 'again', at };
    }
  }

  /** @throws {UpstreamFailure} where the upstream does not answer */
  private async send(
    set: TicketSet,
    { asked, isBackfill, bisection }: Asked,
    window: DeliveredWindow,
  ): Promise<SettledPoll> {
    const left = bisection && afterAnswer(bisection, asked);
    if (isBackfill) {
      return this.poller.backfill(set, asked, left);
    }
    const trial = bisection?.cursorTrial;
    const from = { ...set, cursorHistory: historyOfTrial(trial, set.cursorHistory) };
    if (bisection && !isTryingCursor(trial)) {
      return this.poller.probe(from, asked, left);
    }
    const polled = await this.poller.pollMembers(from, window);
    if (bisection) {
      this.parts.telemetry.cursorRefused(); // The set goes on from what was answered.
    }
    return polled;
  }

  private afterPoll(set: TicketSet, polled: SettledPoll, bisection: Bisection | null, wasDue: boolean): Next {
    const { committed, leftAt, answeredAt } = polled;
    const { telemetry, clock } = this.parts;
    if (committed.kind === 'committed') {
      const { published, joining, dueAt } = committed;
      const lagMs = wasDue && bisection === null ? leftAt - set.dueAt : null;
      telemetry.polled({
        ref: set.ref,
        lagMs,
        upstreamMs: answeredAt - leftAt,
        commitMs: clock.now() - answeredAt,
        published,
      });
      this.reserve(polled.known, committed, answeredAt);
      return { kind: 'again', at: joining ? clock.now() : dueAt };
    }
    telemetry.discarded(committed.kind);
    return committed.kind === 'gone'
      ? { kind: 'gone' }
      : { kind: 'again', at: nextDue(set.ref, clock.now(), this.options.intervalMs) };
  }

  /** Ends the lease without a request: the set is to be looked at again `at`, ms since 1970. */
  private async releaseUntil(set: TicketSet, at: number): Promise<Next> {
    await this.parts.store.release(set.ref, this.options.lease.owner);
    return { kind: 'again', at };
  }

  private reserve(
    known: KnownSet | null,
    { reserved, joining, fence, dueAt, published }: Extract<Committed, { kind: 'committed' }>,
    answeredAt: number,
  ): void {
    if (known !== null && reserved) {
      const { set, window } = known;
      const activeAt = published > 0 ? answeredAt : set.activeAt;
      const lease = this.leases.leaseFrom(dueAt);
      const isUnknown = set.isUnknown && published === 0;
      const reservation = { lease, set: { ...set, fence, dueAt, activeAt, failures: 0, isUnknown }, window };
      // Tickets joined the set that are not known here, so it is read again.
      this.leases.reserve(set.ref, joining ? null : reservation);
    }
  }
}

/**
 * Whether the upstream may not know the tickets that are polled. The first request for new tickets has no such doubt. The
 * search for a refused one among them has, and so has what follows from requests without an answer.
 */
function mayBeUnknown({ isUnknown, members, failures, bisection }: TicketSet, backfills: boolean): boolean {
  return isUnknown || (backfills && (bisection !== null || (members.length === 0 && failures > 0)));
}
