import { parseFeedKey } from '../model/feed.js';
import type { Digest } from '../model/fingerprint.js';
import type { Clock } from '../model/clock.js';
import type { CaseId } from '../model/ticket.js';
import { firstDue, nextDue, nextIdleDue, type Pace } from './cadence.js';
import { commitInParts } from './commit-in-parts.js';
import { advanceCursorHistory, cursorToSend } from './cursor-history.js';
import { delta, EMPTY_WINDOW, type DeliveredWindow, type DeltaEntry } from './delta.js';
import type { Bisection } from './bisection.js';
import type { UpstreamLiveness } from './ports/upstream-liveness.js';
import type { Committed, SetCommit, SetStore } from './ports/set-store.js';
import type { PollAnswer, Upstream } from './ports/upstream.js';
import type { TicketSet } from './ticket-set.js';

export interface SetPollerParts {
  readonly store: Pick<SetStore, 'commit'>;
  readonly upstream: Upstream;
  readonly liveness: Pick<UpstreamLiveness, 'seen'>;
  readonly clock: Clock;
  readonly digest: Digest;
}

export interface SetPollerOptions extends Pace {
  /** `POLL_OVERLAP_MS`. */
  readonly overlapMs: number;
  /** How long the lease lasts that is taken for one request, ms. */
  readonly leaseMs: number;
}

/** A poll that was answered, and what became of its result. Times in milliseconds since 1970. */
export interface SettledPoll {
  /** When the request left, after it had a token and a connection. */
  readonly leftAt: number;
  readonly answeredAt: number;
  readonly committed: Committed;
  /** What the next poll of the set has to know if it was reserved; null after a poll that reserves no set. */
  readonly known: KnownSet | null;
}

/** A set with what its answers taught, and the window that it is known to have delivered. */
export interface KnownSet {
  readonly set: TicketSet;
  readonly window: DeliveredWindow;
}

/**
 * Marks the digests of answers that this release has read. An answer that an earlier release has read is read once more,
 * because the store does not know the classes of its messages yet.
 */
const READ_WITH_CLASSES = 'c.';

interface Answered {
  readonly answer: PollAnswer;
  readonly sentAt: number;
  readonly leftAt: number;
  readonly answeredAt: number;
}

/**
 * The requests for a ticket set, each with the commit of its result. They differ in the cursor that they send and in what
 * the set learns from them. Each throws {@link UpstreamFailure} if the upstream does not answer, and what the store throws.
 */
export class SetPoller {
  constructor(
    private readonly parts: SetPollerParts,
    private readonly options: SetPollerOptions,
  ) {}

  /**
   * Polls joining tickets from the beginning, in one request, and leaves the members' cursor alone (invariant 4).
   *
   * @param bisection what remains of a bisection among them
   */
  async backfill(set: TicketSet, asked: readonly CaseId[], bisection: Bisection | null): Promise<SettledPoll> {
    const { overlapMs, intervalMs } = this.options;
    const answered = await this.ask(set, asked, null, null);
    const { answer, sentAt, leftAt, answeredAt } = answered;
    const found = this.difference(set, asked, answered, EMPTY_WINDOW);
    // A set without members has no cursor to protect: the first answer gives it one.
    const isFirst = set.members.length === 0;
    const due = firstDue(set.ref, answeredAt, intervalMs);
    const learned = {
      cursorHistory: isFirst
        ? advanceCursorHistory(null, { sentAt, answeredAt, sent: null, cursor: answer.cursor }, overlapMs)
        : set.cursorHistory,
      answerDigest: isFirst ? null : set.answerDigest,
      order: found.order,
    };
    const last = { backfilled: asked, bisection, learned, ...(isFirst && { due: { active: due, idle: due } }) };
    const committed = await this.commit(set, found.entries, last);
    return { leftAt, answeredAt, committed, known: null };
  }

  /**
   * Polls some members during a bisection and delivers what is found at once. The cursor stays: it is for the poll of all
   * members that the upstream answers for, which is still due.
   */
  async probe(set: TicketSet, asked: readonly CaseId[], bisection: Bisection | null): Promise<SettledPoll> {
    const cursor = cursorToSend(set.cursorHistory, this.options.overlapMs);
    const answered = await this.ask(set, asked, cursor, null);
    const { entries } = this.difference(set, asked, answered, EMPTY_WINDOW);
    const committed = await this.commit(set, entries, { backfilled: [], bisection });
    const { leftAt, answeredAt } = answered;
    return { leftAt, answeredAt, committed, known: null };
  }

  /** Polls all members from their cursor, and reserves the set for the next time. */
  async pollMembers(set: TicketSet, delivered: DeliveredWindow): Promise<SettledPoll> {
    const { overlapMs, leaseMs } = this.options;
    const cursor = cursorToSend(set.cursorHistory, overlapMs);
    const answered = await this.ask(set, set.members, cursor, digestOfRead(set.answerDigest));
    const { answer, sentAt, leftAt, answeredAt } = answered;
    const found = this.difference(set, set.members, answered, delivered);
    const answeredPoll = { sentAt, answeredAt, sent: cursor, cursor: answer.cursor };
    const learned = {
      cursorHistory: advanceCursorHistory(set.cursorHistory, answeredPoll, overlapMs),
      answerDigest: answer.kind === 'content' ? READ_WITH_CLASSES + answer.digest : set.answerDigest,
      order: found.order,
    };
    const committed = await this.commit(set, found.entries, {
      backfilled: [],
      learned,
      due: this.dueAfter(set, answeredAt),
      lease: { kind: 'reserve', leaseMs },
      // If there was a bisection, all of its suspects have left the set meanwhile, or it was the cursor.
      ...(set.bisection && { bisection: null }),
    });
    const known = { set: { ...set, ...learned, bisection: null }, window: found.window };
    return { leftAt, answeredAt, committed, known };
  }

  private async ask(
    set: TicketSet,
    caseIds: readonly CaseId[],
    cursor: string | null,
    knownDigest: string | null,
  ): Promise<Answered> {
    const sentAt = this.parts.clock.now();
    const answer = await this.parts.upstream.poll({ feed: parseFeedKey(set.ref.feed), caseIds, cursor, knownDigest });
    this.parts.liveness.seen(sentAt);
    return { answer, sentAt, leftAt: sentAt + (answer.waitedMs ?? 0), answeredAt: this.parts.clock.now() };
  }

  private difference(
    set: TicketSet,
    asked: readonly CaseId[],
    { answer, answeredAt }: Answered,
    delivered: DeliveredWindow,
  ): { entries: readonly DeltaEntry[]; window: DeliveredWindow; order: TicketSet['order'] } {
    if (answer.kind === 'unchanged') {
      return { entries: [], window: delivered, order: set.order };
    }
    const { digest } = this.parts;
    return delta(answer.content, { asked: new Set(asked), delivered, order: set.order, seenAt: answeredAt, digest });
  }

  private commit(
    set: TicketSet,
    entries: readonly DeltaEntry[],
    last: Parameters<typeof commitInParts>[3],
  ): Promise<Committed> {
    const { store, clock } = this.parts;
    return commitInParts({ store, clock, leaseMs: this.options.leaseMs }, set, entries, last);
  }

  private dueAfter(set: TicketSet, answeredAt: number): NonNullable<SetCommit['due']> {
    const base = Math.max(answeredAt, set.dueAt);
    return {
      active: nextDue(set.ref, base, this.options.intervalMs),
      idle: nextIdleDue(set.ref, base, answeredAt - set.activeAt, this.options),
    };
  }
}

/** The digest as the upstream's side knows it; null where this release has not read the answer. */
function digestOfRead(marked: string | null): string | null {
  return marked?.startsWith(READ_WITH_CLASSES) ? marked.slice(READ_WITH_CLASSES.length) : null;
}
