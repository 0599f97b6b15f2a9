import {
  feedKey,
  ticketOf,
  type AnswerTimes,
  type CaseId,
  type Notice,
  type Publication,
  type Recovery,
  type ReplayPart,
} from '#core';
import type { EventId, PositionIds, ReadyData } from '#protocol';
import type { SubscriptionParameters } from '../edge/subscription-parameters.js';

/** One subscribe that waits for its turn, or is served together with one before it. */
export interface WaitingSubscribe {
  readonly parameters: SubscriptionParameters;
  readonly onReady: (ready: ReadyData) => void;
  /** True once it is acknowledged, by its own turn or by one before it. */
  isServed: boolean;
}

/** How many publications of each ticket were replayed, and tickets with a gap. */
interface ByTicket {
  readonly replayed: Map<CaseId, number>;
  readonly lost: Set<CaseId>;
}

const NO_ANSWERS: AnswerTimes = new Map();

/**
 * Subscribes that wait together and begin at the same position. A page with a hundred components may send a hundred at
 * once. They share one replay, and each gets its own acknowledgement.
 */
export class SubscribeBatch {
  /** When the upstream last answered for its tickets. To be set before {@link ready}. */
  answers: AnswerTimes = NO_ANSWERS;
  /** Some of a long replay is written. */
  hasBegun = false;
  private pending: readonly CaseId[] = [];
  /** Their publications. */
  private inParts = 0;
  private readonly byTicket: ByTicket | null;

  private constructor(
    private readonly members: readonly WaitingSubscribe[],
    /** The tickets of all members, each once. */
    readonly caseIds: readonly CaseId[],
  ) {
    this.byTicket = members.length > 1 ? { replayed: new Map(), lost: new Set() } : null;
  }

  /**
   * The subscribe whose turn it is, with those directly behind it that can share its replay.
   *
   * @param admits whether a subscribe may join a batch that then has `together` tickets. One that may not join waits for
   *   its own turn, and those behind it may still join
   */
  static of(
    first: WaitingSubscribe,
    behind: readonly (WaitingSubscribe | null)[],
    admits: (parameters: SubscriptionParameters, together: number) => boolean,
  ): SubscribeBatch {
    if (behind.length === 0) {
      return new SubscribeBatch([first], first.parameters.caseIds);
    }
    const members = [first];
    const caseIds = new Set(first.parameters.caseIds);
    for (const waiting of behind) {
      if (waiting === null || !isAlike(first.parameters, waiting.parameters)) {
        break;
      }
      const added = waiting.parameters.caseIds.filter((caseId) => !caseIds.has(caseId));
      if (admits(waiting.parameters, caseIds.size + added.length)) {
        members.push(waiting);
        added.forEach((caseId) => caseIds.add(caseId));
      }
    }
    return new SubscribeBatch(members, members.length === 1 ? first.parameters.caseIds : [...caseIds]);
  }

  /** Counts a part of a long replay. */
  count({ publications, notices }: ReplayPart): void {
    this.hasBegun = true;
    this.inParts += publications.length;
    if (this.byTicket !== null) {
      countByTicket(this.byTicket, publications, notices);
    }
  }

  /** Acknowledges each member. Called after the replay, in the same tick. */
  ready(recovery: Recovery, ids: Pick<PositionIds, 'idOf'>): void {
    const at = ids.idOf(recovery.position);
    this.pending = recovery.pending;
    const { byTicket } = this;
    if (byTicket === null) {
      const [member] = this.members as [WaitingSubscribe];
      const replayed = this.inParts + recovery.replay.length;
      member.onReady(this.readyOf(member, at, recovery.caseIds, replayed, recovery.recovered));
      member.isServed = true;
      return;
    }
    countByTicket(byTicket, recovery.replay, recovery.notices);
    const { replayed, lost } = byTicket;
    // Those of a long replay to which the right was not withdrawn meanwhile.
    const left = recovery.caseIds.length < this.caseIds.length ? new Set(recovery.caseIds) : null;
    for (const member of this.members) {
      const { from, caseIds: asked } = member.parameters;
      const caseIds = left === null ? asked : asked.filter((caseId) => left.has(caseId));
      if (caseIds.length === 0) {
        continue; // It is refused when its own turn comes.
      }
      const count = caseIds.reduce((sum, caseId) => sum + (replayed.get(caseId) ?? 0), 0);
      const isWhole = from.kind !== 'start' && !caseIds.some((caseId) => lost.has(caseId));
      member.onReady(this.readyOf(member, at, caseIds, count, isWhole));
      member.isServed = true;
    }
  }

  private readyOf(
    { parameters }: WaitingSubscribe,
    last_event_id: EventId,
    caseIds: readonly CaseId[],
    replayed: number,
    recovered: boolean,
  ): ReadyData {
    const { language } = parameters.feed;
    const pending = this.pending.filter((caseId) => caseIds.includes(caseId));
    const last_answer_at = oldestAnswer(this.answers, caseIds);
    return {
      case_ids: caseIds,
      language,
      last_event_id,
      recovered,
      replayed,
      last_answer_at,
      pending,
    };
  }
}

function countByTicket(
  { replayed, lost }: ByTicket,
  publications: readonly Publication[],
  notices: readonly Notice[],
): void {
  publications.forEach(({ caseId: name }) => replayed.set(ticketOf(name), (replayed.get(ticketOf(name)) ?? 0) + 1));
  notices.forEach((notice) => notice.kind === 'gap' && notice.caseIds.forEach((caseId) => lost.add(caseId)));
}

/** When the upstream last answered for the ticket with the oldest answer; null if it never answered for one of them. */
function oldestAnswer(answers: AnswerTimes, caseIds: readonly CaseId[]): string | null {
  const oldest = caseIds.reduce((least, caseId) => Math.min(least, answers.get(caseId) ?? 0), Number.POSITIVE_INFINITY);
  return oldest > 0 && oldest < Number.POSITIVE_INFINITY ? new Date(oldest).toISOString() : null;
}

/** Whether two subscribes get the same replay of each ticket. */
function isAlike(one: SubscriptionParameters, other: SubscriptionParameters): boolean {
  if (feedKey(one.feed) !== feedKey(other.feed)) {
    return false;
  }
  if (one.from.kind === 'position' && other.from.kind === 'position') {
    const [{ position, isProven }, next] = [one.from, other.from];
    return (
      one.cuts === other.cuts &&
      one.unread === other.unread &&
      position.epoch === next.position.epoch &&
      position.offset === next.position.offset &&
      isProven === next.isProven
    );
  }
  return (
    one.from.kind === other.from.kind &&
    one.history === other.history &&
    one.cuts === other.cuts &&
    one.unread === other.unread
  );
}
