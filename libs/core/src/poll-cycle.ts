import { firstDue, nextDue, nextQuietDue, type Pace } from './cadence.js';
import { commitInParts } from './commit-in-parts.js';
import { advanceTrail, cursorToSend } from './cursor.js';
import { delta, EMPTY_WINDOW, type DeliveredWindow, type News } from './delta.js';
import { UpstreamFailure } from './errors.js';
import { parseFeedKey } from './feed.js';
import { Reservations } from './reservations.js';
import type { Digest } from './fingerprint.js';
import type { Answers } from './ports/answers.js';
import type { Clock } from './ports/clock.js';
import type { Quota } from './ports/quota.js';
import type { Committed, SetCommit, SetStore } from './ports/set-store.js';
import type { PollTelemetry } from './ports/telemetry.js';
import type { PollAnswer, Upstream } from './ports/upstream.js';
import { afterAnswer, culpritOf, nextQuestion, stillWithin, type Search } from './search.js';
import type { CaseId } from './ticket.js';
import { Setbacks } from './setbacks.js';
import { setName, type SetRef, type TicketSet } from './ticket-set.js';

export interface PollOptions extends Pace {
  /** `POLL_OVERLAP_MS`. */
  readonly overlapMs: number;
  /** How long one request keeps a set taken, ms: longer than `UPSTREAM_TIMEOUT_MS`, so that no two ever overlap. */
  readonly holdMs: number;
  /** A request that is sent later than this (ms) after its set was taken, or was due where it is reserved, might outlast
   *  the hold: it is not sent. */
  readonly sendWithinMs: number;
}

/** What is to happen to the set's job. Times in milliseconds since 1970. */
export type Next = { readonly kind: 'again'; readonly at: number } | { readonly kind: 'gone' };

export interface PollCycleParts {
  readonly store: SetStore;
  readonly upstream: Upstream;
  readonly quota: Quota;
  readonly answers: Answers;
  readonly clock: Clock;
  readonly digest: Digest;
  readonly telemetry: PollTelemetry;
  /** A number in [0, 1) at each call. */
  readonly random: () => number;
  /** Name of this process, unique in the deployment. */
  readonly holder: string;
}

/** A job that comes this much early (ms) counts as due: clocks of processes agree to within some milliseconds. */
const DUE_TOLERANCE_MS = 20;

/** A set that showed life this many full-pace intervals ago, or later, has people who wait for its answer. */
const LIVELY_INTERVALS = 30;

const NEVER = Number.NEGATIVE_INFINITY;

/** One request for one ticket set, from taking the set to the committed result. */
export class PollCycle {
  private readonly reservations = new Reservations();
  private readonly running = new Set<string>();
  private readonly setbacks: Setbacks;

  constructor(
    private readonly parts: PollCycleParts,
    private readonly options: PollOptions,
  ) {
    this.setbacks = new Setbacks(parts, options);
  }

  /**
   * Sends one request for a set if one is due: for the tickets that wait to join it, else for its members.
   * @throws where the store is out of reach; the set is then polled again once its hold has run out
   */
  async run(ref: SetRef): Promise<Next> {
    const now = this.parts.clock.now();
    const key = setName(ref);
    if (this.running.has(key)) {
      // The job was given out twice, both times to this process.
      this.parts.telemetry.discarded('busy');
      return { kind: 'again', at: now + this.options.intervalMs };
    }
    this.running.add(key);
    try {
      return await this.take(ref, now);
    } finally {
      this.running.delete(key);
    }
  }

  private async take(ref: SetRef, now: number): Promise<Next> {
    const reserved = this.reservations.take(ref, now);
    if (reserved) {
      return this.poll(reserved.set, { now, sendBy: reserved.set.dueAt + this.options.sendWithinMs }, reserved.window);
    }
    const begun = await this.parts.store.begin(ref, now, now + this.options.holdMs, this.parts.holder);
    switch (begun.kind) {
      case 'gone':
        this.parts.telemetry.discarded('gone');
        return { kind: 'gone' };
      case 'busy':
        this.parts.telemetry.discarded('busy');
        return { kind: 'again', at: begun.until };
      case 'begun':
        return this.poll(begun.set, { now, sendBy: now + this.options.sendWithinMs }, EMPTY_WINDOW);
    }
  }

  /** Somebody changed the set: it is looked at anew before it is polled again. */
  changed(ref: SetRef): void {
    this.reservations.take(ref, 0);
  }

  /** Lets others have a set that this process does not poll again. @throws where the store is out of reach */
  async letGo(ref: SetRef): Promise<void> {
    const reserved = this.reservations.take(ref, 0);
    if (reserved) {
      await this.parts.store.release(ref, reserved.set.fence, this.parts.holder);
    }
  }

  /** @param time `sendBy`: a request that is sent later might outlast the set's hold */
  private async poll(
    set: TicketSet,
    { now, sendBy }: { readonly now: number; readonly sendBy: number },
    window: DeliveredWindow,
  ): Promise<Next> {
    const due = now >= set.dueAt - DUE_TOLERANCE_MS;
    // Tickets that were moved here wait for nobody; a set that was not polled yet gathers tickets until it is due.
    const primes = set.joining.length > 0 && (due || set.members.length > 0);
    if (!primes && !due) {
      return this.leave(set, set.dueAt); // Such as a job that the reconciler made again.
    }
    const lively = now - set.livelyAt <= LIVELY_INTERVALS * this.options.intervalMs;
    const rank = lively ? set.dueAt : set.dueAt + this.options.intervalMs;
    const tickets = primes ? set.joining : set.members;
    const search = set.search && stillWithin(set.search, tickets);
    const culprit = search && culpritOf(search);
    if (search !== null && culprit !== null) {
      return { kind: 'again', at: await this.setbacks.found(set, search, culprit) };
    }
    const wait = await this.parts.quota.turn({ ref: set.ref, rank, now });
    if (wait > 0) {
      return this.leave(set, now + wait);
    }
    const answeredSince = search?.warySince === undefined ? NEVER : await this.parts.answers.newest();
    if (this.parts.clock.now() > sendBy) {
      // This process stood still meanwhile. The set may be another's by now: what became of it is looked up anew.
      return { kind: 'again', at: this.parts.clock.now() };
    }
    const asked = search ? nextQuestion(search, tickets) : tickets;
    const left = search && afterAnswer(search, asked);
    try {
      const committed = primes
        ? await this.prime(set, asked, left)
        : search
          ? await this.pollSome(set, asked, left)
          : await this.pollMembers(set, window);
      if (committed.kind === 'committed') {
        return { kind: 'again', at: committed.joining || search ? this.parts.clock.now() : committed.dueAt };
      }
      this.parts.telemetry.discarded(committed.kind);
      const at = nextDue(set.ref.id, this.parts.clock.now(), this.options.intervalMs);
      return committed.kind === 'gone' ? { kind: 'gone' } : { kind: 'again', at };
    } catch (error) {
      if (!(error instanceof UpstreamFailure)) {
        throw error;
      }
      const at = await this.setbacks.after(error, { set, tickets, asked, search, answeredSince });
      return { kind: 'again', at };
    }
  }

  private async leave(set: TicketSet, at: number): Promise<Next> {
    await this.parts.store.release(set.ref, set.fence, this.parts.holder);
    return { kind: 'again', at };
  }

  /** Polls joining tickets from the beginning, in one request, leaving the members' cursor alone (invariant 4). */
  private async prime(set: TicketSet, asked: readonly CaseId[], search: Search | null): Promise<Committed> {
    const { answer, sentAt, answeredAt } = await this.ask(set, asked, null, null);
    const found = this.difference(set, asked, answer, answeredAt, EMPTY_WINDOW);
    // A set without members has no cursor to protect: the first answer gives it one.
    const founds = set.members.length === 0;
    const due = founds ? firstDue(set.ref.id, answeredAt, this.options.intervalMs) : set.dueAt;
    return this.commit(set, found.news, {
      primed: asked,
      search,
      learned: {
        trail: founds
          ? advanceTrail(null, { sentAt, answeredAt, cursor: answer.cursor }, this.options.overlapMs)
          : set.trail,
        answerDigest: founds ? null : set.answerDigest,
        order: found.order,
      },
      due: { lively: due, quiet: due },
    });
  }

  /**
   * Polls some members while a refused ticket is searched for: what is found is delivered at once. The cursor stays:
   * it is for the poll of all that the upstream answers for, which is due still.
   */
  private async pollSome(set: TicketSet, asked: readonly CaseId[], search: Search | null): Promise<Committed> {
    const { answer, answeredAt } = await this.ask(set, asked, cursorToSend(set.trail, this.options.overlapMs), null);
    const found = this.difference(set, asked, answer, answeredAt, EMPTY_WINDOW);
    return this.commit(set, found.news, { primed: [], search, due: { lively: set.dueAt, quiet: set.dueAt } });
  }

  private async pollMembers(set: TicketSet, known: DeliveredWindow): Promise<Committed> {
    const cursor = cursorToSend(set.trail, this.options.overlapMs);
    const { answer, sentAt, answeredAt } = await this.ask(set, set.members, cursor, set.answerDigest);
    const found = this.difference(set, set.members, answer, answeredAt, known);
    const learned = {
      trail: advanceTrail(set.trail, { sentAt, answeredAt, cursor: answer.cursor }, this.options.overlapMs),
      answerDigest: answer.kind === 'content' ? answer.digest : set.answerDigest,
      order: found.order,
    };
    const due = this.dueAfter(set, answeredAt);
    const after = { kind: 'rest', holder: this.parts.holder, holdMs: this.options.holdMs } as const;
    // Where there was a search, all who were suspected have left meanwhile.
    const over = set.search && { search: null };
    const committed = await this.commit(set, found.news, { primed: [], learned, due, after, ...over });
    if (committed.kind === 'committed') {
      this.reserve({ ...set, ...learned, search: null }, committed, found.window, answeredAt);
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
    this.parts.answers.seen(sentAt);
    return { answer, sentAt, answeredAt: this.parts.clock.now() };
  }

  private difference(
    set: TicketSet,
    asked: readonly CaseId[],
    answer: PollAnswer,
    seenAt: number,
    delivered: DeliveredWindow,
  ): { news: readonly News[]; window: DeliveredWindow; order: TicketSet['order'] } {
    if (answer.kind === 'unchanged') {
      return { news: [], window: delivered, order: set.order };
    }
    const { digest } = this.parts;
    return delta(answer.content, { asked: new Set(asked), delivered, order: set.order, seenAt, digest });
  }

  private commit(set: TicketSet, news: readonly News[], last: Parameters<typeof commitInParts>[3]): Promise<Committed> {
    const { store, clock } = this.parts;
    return commitInParts({ store, clock, holdMs: this.options.holdMs }, set, news, last);
  }

  private dueAfter(set: TicketSet, answeredAt: number): SetCommit['due'] {
    const base = Math.max(answeredAt, set.dueAt);
    return {
      lively: nextDue(set.ref.id, base, this.options.intervalMs),
      quiet: nextQuietDue(set.ref.id, base, answeredAt - set.livelyAt, this.options),
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
      const livelyAt = published > 0 ? answeredAt : set.livelyAt;
      // Tickets that came to join are not known here: due long ago means to be looked at anew.
      this.reservations.keep({ set: { ...set, fence, dueAt: joining ? 0 : dueAt, livelyAt, failures: 0 }, window });
    }
  }
}
