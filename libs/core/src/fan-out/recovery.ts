import type { Publication } from '../model/publication.js';
import type { FeedStates, PreparedReplay, Replay } from './replay.js';
import { resumeOffset, type Recovery, type SubscribeRequest } from './subscription.js';
import type { HistoryWant } from './ports/broker.js';
import type { StreamPosition } from '../model/stream-position.js';
import type { Tail } from './tail.js';
import { ticketCuts } from './ticket-cut.js';
import { isUnreadTopic, type CaseId } from '../model/ticket.js';

/** What is known of a feed at the instant of a recovery: everything up to `position` of the tickets asked for. */
export interface RecoverySource extends FeedStates {
  readonly position: StreamPosition;
  /** Whether history was read. Before that, only what was published meanwhile is known. */
  readonly loaded: boolean;
  tail(caseId: CaseId): Tail;
}

/** How many publications of a ticket are read at once. */
export interface ReadBounds {
  /** `HISTORY_MAX_EVENTS`: the most that history can give per ticket. */
  readonly historyMax: number;
  /** Publications that a tail keeps while no client needs more. */
  readonly tailMax: number;
}

/**
 * Whether history has to be read to know where the feed is. A position that is unknown here may be one that another
 * gateway gave a moment ago, so history is read once before the position counts as unknown.
 *
 * @param first whether nothing was read for this request yet
 */
export function isStale(request: SubscribeRequest, { position, loaded }: RecoverySource, first: boolean): boolean {
  return !loaded || (first && request.from.kind === 'position' && resumeOffset(request.from, position) === null);
}

/**
 * What has to be read from history before a request can be served from memory.
 *
 * @param first as in {@link isStale}
 */
export function missing(
  request: SubscribeRequest,
  source: RecoverySource,
  bounds: ReadBounds,
  first: boolean,
): HistoryWant[] {
  const { position } = source;
  const resumed = resumeOffset(request.from, position);
  const named = request.from.kind === 'position' ? request.from.position.offset : null;
  const stale = isStale(request, source, first);
  // The position may turn out to be known, so what it needs is read.
  const after = stale ? named : resumed;
  const isStart = request.from.kind === 'start';
  const replayed = (caseId: CaseId) => (isStart ? lastOf(request, caseId) : after === null ? bounds.historyMax : 0);
  // Whatever the position is, a cut has the last publications before it.
  const cut = (caseId: CaseId) => (request.cuts ? lastOf(request, caseId) : 0);
  const covers = (caseId: CaseId) => {
    const tail = source.tail(caseId);
    const { offset } = position;
    return tail.covers(after, replayed(caseId), offset) && tail.covers(null, cut(caseId), offset);
  };
  // A claim beyond what the store has ends the epoch for every client of the feed, so only a proven position is one.
  const isClaim = stale && request.from.kind === 'position' && request.from.isProven;
  const claim = isClaim ? { claim: request.from.position } : {};
  const least = (caseId: CaseId) => Math.max(replayed(caseId), cut(caseId), bounds.tailMax);
  return request.caseIds
    .filter((caseId) => stale || !covers(caseId))
    .map((caseId) => ({ caseId, atLeast: least(caseId), after, ...claim }));
}

/** Most publications that a replay can have, as far as it is known without a read of history. */
export function replayAtMost(request: SubscribeRequest, position: StreamPosition, { historyMax }: ReadBounds): number {
  const resumed = resumeOffset(request.from, position);
  const perTicket = request.from.kind === 'start' ? Math.min(request.history, historyMax) : historyMax;
  const most = perTicket * request.caseIds.length;
  return resumed === null ? most : Math.min(most, position.offset - resumed);
}

/** The tickets of which a request gets a replay. Without a position, cuts have what would be replayed. */
export function replayedTickets({ caseIds, from, cuts }: SubscribeRequest): readonly CaseId[] {
  return cuts === true && from.kind === 'start' ? [] : caseIds;
}

/**
 * How many publications the replay of a request has that tails cover, and the number of the newest change of these tails
 * ({@link Tail.changedAt}): until they change again, the replay stays the same.
 */
export function replaySize(request: SubscribeRequest, source: RecoverySource): { count: number; changedAt: number } {
  const { position } = source;
  const after = resumeOffset(request.from, position) ?? 0;
  let [count, changedAt] = [0, 0];
  for (const caseId of replayedTickets(request)) {
    const tail = source.tail(caseId);
    const all = tail.countBetween(after, position.offset);
    count += request.from.kind === 'start' ? Math.min(all, lastOf(request, caseId)) : all;
    changedAt = Math.max(changedAt, tail.changedAt);
  }
  return { count, changedAt };
}

/** How many past publications are asked for. Only the last unread count matters. */
function lastOf({ history }: SubscribeRequest, caseId: CaseId): number {
  return isUnreadTopic(caseId) ? 1 : history;
}

/** The publications of one ticket that belong to a replay, from a tail that covers them. */
export function replayOf(request: SubscribeRequest, caseId: CaseId, source: RecoverySource): Publication[] {
  const { position } = source;
  const tail = source.tail(caseId);
  const after = resumeOffset(request.from, position);
  if (after !== null) {
    return tail.between(after, position.offset);
  }
  if (request.from.kind !== 'start') {
    return tail.between(0, position.offset);
  }
  return tail.last(lastOf(request, caseId), position.offset);
}

/**
 * The recovery of one subscription, or the last part of it, from tails that cover it, and its replay. A client with an unknown position
 * gets a `gap` and everything that is kept: an event twice is better than no event.
 */
export function recover(replay: Replay, source: RecoverySource, prepared: PreparedReplay): Recovery {
  const { rest } = replay;
  const { position } = source;
  const after = resumeOffset(rest.from, position);
  const lost = rest.caseIds.filter((caseId) => after !== null && source.tail(caseId).lost(after));
  const begins = Math.max(0, ...lost.map((caseId) => source.tail(caseId).begins));
  const between = { after: { ...position, offset: after ?? 0 }, before: { ...position, offset: begins + 1 } };
  const notices = replay.isUnknown(position)
    ? replay.news(rest.caseIds, null, source)
    : replay.news(lost, between, source);
  return {
    caseIds: rest.caseIds,
    notices,
    replay: prepared.publications,
    isShared: prepared.isShared,
    position,
    recovered: replay.isRecovered,
    pending: rest.caseIds.filter((caseId) => source.isPending(caseId) && !source.isQuarantined(caseId)),
    cuts: rest.cuts === true ? ticketCuts(rest, source) : [],
  };
}
