import { firstDue, nextDue, nextIdleDue, type Pace } from './cadence.js';
import { commitInParts } from './commit-in-parts.js';
import { advanceCursorHistory, cursorToSend } from './cursor-history.js';
import { delta, EMPTY_WINDOW, type DeliveredWindow, type DeltaEntry } from './delta.js';
import { UpstreamFailure } from '../model/upstream-failure.js';
import { parseFeedKey } from '../model/feed.js';
import { SetLeases, type LeaseTerms } from './set-lease.js';
import type { Digest } from '../model/fingerprint.js';
import type { UpstreamLiveness } from './ports/upstream-liveness.js';
import type { Clock } from '../model/clock.js';
import type { Quota } from './ports/quota.js';
import type { Committed, SetCommit, SetStore } from './ports/set-store.js';
import type { PollTelemetry } from './ports/telemetry.js';
import type { PollAnswer, Upstream } from './ports/upstream.js';
import { afterAnswer, nextProbe, stillWithin, type Bisection } from './bisection.js';
import type { CaseId } from '../model/ticket.js';
import { FailurePolicy } from './failure-policy.js';
import type { SetRef } from '../model/set-ref.js';
import type { TicketSet } from './ticket-set.js';

export interface PollOptions extends Pace {
  /** `POLL_OVERLAP_MS`. */
  readonly overlapMs: number;
  /** Of the leases under which requests are sent. */
  readonly lease: LeaseTerms;
}

/** What is to happen to the set's job. Times in milliseconds since 1970. */
export type Next = { readonly kind: 'again'; readonly at: number } | { readonly kind: 'gone' };

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

/** A job that comes this much early (ms) counts as due: clocks of processes agree to within some milliseconds. */
const DUE_TOLERANCE_MS = 20;

/** A set that showed life this many full-pace intervals ago, or later, has people who wait for its answer. */
const ACTIVE_INTERVALS = 30;

const NEVER = Number.NEGATIVE_INFINITY;

/** One request for one ticket set, from taking the set to the committed result. */
export class PollCycle {
  private readonly leases: SetLeases;
  private readonly failurePolicy: FailurePolicy;

  constructor(
    private readonly parts: PollCycleParts,
    private readonly options: PollOptions,
  ) {
    this.leases = new SetLeases(options.lease);
    this.failurePolicy = new FailurePolicy(parts, options);
  }

  /**
   * Sends one request for a set if one is due: for the tickets that wait to join it, else for its members.
   * @throws where the store is out of reach
   */
  async run(ref: SetRef): Promise<Next> {
    const now = this.parts.clock.now();
    if (!this.leases.startPoll(ref)) {
      this.parts.telemetry.discarded('busy');
      return { kind: 'again', at: now + this.options.intervalMs };
    }
    try {
      return await this.take(ref, now);
    } finally {
      this.leases.endPoll(ref);
    }
  }

  /** Takes the set as this process knows it, or as the store does, and polls it. */
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
        return { kind: 'again', at: begun.until };
      case 'begun':
        return this.poll(begun.set, { now, sendBy: this.leases.sendBy(lease) }, EMPTY_WINDOW);
    }
  }

  /** Somebody changed the set: it is read anew before it is polled again. */
  changed(ref: SetRef): void {
    this.leases.changed(ref);
  }

  /** Lets others have a set that this process does not poll again. @throws where the store is out of reach */
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
    // Tickets that were moved here wait for nobody; a set that was not polled yet gathers tickets until it is due.
    const backfills = set.joining.length > 0 && (due || set.members.length > 0);
    if (!backfills && !due) {
      return this.leave(set, set.dueAt); // Such as a job that the reconciler made again.
    }
    const active = now - set.activeAt <= ACTIVE_INTERVALS * this.options.intervalMs;
    const rank = active ? set.dueAt : set.dueAt + this.options.intervalMs;
    const tickets = backfills ? set.joining : set.members;
    const bisection = set.bisection && stillWithin(set.bisection, tickets);
    const wait = await this.parts.quota.turn({ ref: set.ref, rank, now });
    if (wait > 0) {
      return this.leave(set, now + wait);
    }
    const answeredSince = bisection === null ? NEVER : await this.parts.liveness.newest();
    if (this.parts.clock.now() > sendBy) {
      // This process stood still meanwhile. The set may be another's by now: what became of it is looked up anew.
      return { kind: 'again', at: this.parts.clock.now() };
    }
    const asked = bisection ? nextProbe(bisection, tickets, set.members, answeredSince) : tickets;
    const left = bisection && afterAnswer(bisection, asked);
    try {
      const committed =
        backfills && asked.every((caseId) => set.joining.includes(caseId))
          ? await this.backfill(set, asked, left)
          : bisection
            ? await this.pollSome(set, asked, left)
            : await this.pollMembers(set, window);
      if (committed.kind === 'committed') {
        return { kind: 'again', at: committed.joining || bisection ? this.parts.clock.now() : committed.dueAt };
      }
      this.parts.telemetry.discarded(committed.kind);
      const at = nextDue(set.ref.id, this.parts.clock.now(), this.options.intervalMs);
      return committed.kind === 'gone' ? { kind: 'gone' } : { kind: 'again', at };
    } catch (error) {
      if (!(error instanceof UpstreamFailure)) {
        throw error;
      }
      const at = await this.failurePolicy.after(error, { set, tickets, asked, bisection, answeredSince });
      return { kind: 'again', at };
    }
  }

  private async leave(set: TicketSet, at: number): Promise<Next> {
    await this.parts.store.release(set.ref, this.options.lease.owner);
    return { kind: 'again', at };
  }

  /** Polls joining tickets from the beginning, in one request, leaving the members' cursor alone (invariant 4). */
  private async backfill(set: TicketSet, asked: readonly CaseId[], bisection: Bisection | null): Promise<Committed> {
    const { answer, sentAt, answeredAt } = await this.ask(set, asked, null, null);
    const found = this.difference(set, asked, answer, answeredAt, EMPTY_WINDOW);
    // A set without members has no cursor to protect: the first answer gives it one.
    const founds = set.members.length === 0;
    const due = firstDue(set.ref.id, answeredAt, this.options.intervalMs);
    return this.commit(set, found.entries, {
      backfilled: asked,
      bisection,
      learned: {
        cursorHistory: founds
          ? advanceCursorHistory(null, { sentAt, answeredAt, cursor: answer.cursor }, this.options.overlapMs)
          : set.cursorHistory,
        answerDigest: founds ? null : set.answerDigest,
        order: found.order,
      },
      ...(founds && { due: { active: due, idle: due } }),
    });
  }

  /**
   * Polls some members while a refused ticket is searched for: what is found is delivered at once. The cursor stays:
   * it is for the poll of all that the upstream answers for, which is due still.
   */
  private async pollSome(set: TicketSet, asked: readonly CaseId[], bisection: Bisection | null): Promise<Committed> {
    const { answer, answeredAt } = await this.ask(
      set,
      asked,
      cursorToSend(set.cursorHistory, this.options.overlapMs),
      null,
    );
    const found = this.difference(set, asked, answer, answeredAt, EMPTY_WINDOW);
    return this.commit(set, found.entries, { backfilled: [], bisection });
  }

  private async pollMembers(set: TicketSet, known: DeliveredWindow): Promise<Committed> {
    const cursor = cursorToSend(set.cursorHistory, this.options.overlapMs);
    const { answer, sentAt, answeredAt } = await this.ask(set, set.members, cursor, set.answerDigest);
    const found = this.difference(set, set.members, answer, answeredAt, known);
    const learned = {
      cursorHistory: advanceCursorHistory(
        set.cursorHistory,
        { sentAt, answeredAt, cursor: answer.cursor },
        this.options.overlapMs,
      ),
      answerDigest: answer.kind === 'content' ? answer.digest : set.answerDigest,
      order: found.order,
    };
    const due = this.dueAfter(set, answeredAt);
    const lease = { kind: 'reserve', leaseMs: this.options.lease.leaseMs } as const;
    // Where there was a search, all who were suspected have left meanwhile.
    const over = set.bisection && { bisection: null };
    const committed = await this.commit(set, found.entries, { backfilled: [], learned, due, lease, ...over });
    if (committed.kind === 'committed') {
      this.reserve({ ...set, ...learned, bisection: null }, committed, found.window, answeredAt);
      const published = committed.published;
      this.parts.telemetry.polled({ lagMs: sentAt - set.dueAt, upstreamMs: answeredAt - sentAt, published });
    }
    return committed;
  }

  private async ask(
    set: TicketSet,
    caseIds: readonly CaseId[],
    cursor: string | null,
    knownDigest: string | null,
  ): Promise<{ answer: PollAnswer; sentAt: number; answeredAt: number }> {
    const sentAt = this.parts.clock.now();
    const answer = await this.parts.upstream.poll({ feed: parseFeedKey(set.ref.feed), caseIds, cursor, knownDigest });
    this.parts.liveness.seen(sentAt);
    return { answer, sentAt, answeredAt: this.parts.clock.now() };
  }

  private difference(
    set: TicketSet,
    asked: readonly CaseId[],
    answer: PollAnswer,
    seenAt: number,
    delivered: DeliveredWindow,
  ): { entries: readonly DeltaEntry[]; window: DeliveredWindow; order: TicketSet['order'] } {
    if (answer.kind === 'unchanged') {
      return { entries: [], window: delivered, order: set.order };
    }
    const { digest } = this.parts;
    return delta(answer.content, { asked: new Set(asked), delivered, order: set.order, seenAt, digest });
  }

  private commit(
    set: TicketSet,
    entries: readonly DeltaEntry[],
    last: Parameters<typeof commitInParts>[3],
  ): Promise<Committed> {
    const { store, clock } = this.parts;
    return commitInParts({ store, clock, leaseMs: this.options.lease.leaseMs }, set, entries, last);
  }

  private dueAfter(set: TicketSet, answeredAt: number): NonNullable<SetCommit['due']> {
    const base = Math.max(answeredAt, set.dueAt);
    return {
      active: nextDue(set.ref.id, base, this.options.intervalMs),
      idle: nextIdleDue(set.ref.id, base, answeredAt - set.activeAt, this.options),
    };
  }

  private reserve(
    set: TicketSet,
    committed: Extract<Committed, { kind: 'committed' }>,
    window: DeliveredWindow,
    answeredAt: number,
  ): void {
    const { reserved, joining, fence, dueAt, published } = committed;
    if (reserved) {
      const activeAt = published > 0 ? answeredAt : set.activeAt;
      const lease = this.leases.leaseFrom(dueAt);
      // Tickets that came to join are not known here: the set is read anew.
      const reservation = { lease, set: { ...set, fence, dueAt, activeAt, failures: 0 }, window };
      this.leases.reserve(set.ref, joining ? null : reservation);
    }
  }
}
