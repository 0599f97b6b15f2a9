import type { Publication } from '../model/publication.js';
import type { GapReason, Notice, Recovery, SubscribeRequest } from './subscription.js';
import type { HistoryWant, UpstreamState } from './ports/broker.js';
import type { StreamPosition } from '../model/stream-position.js';
import type { Tail } from './tail.js';
import type { CaseId } from '../model/ticket.js';

/** What is known of a feed at the instant of a recovery: everything up to `position` of the tickets asked for. */
export interface RecoverySource {
  readonly position: StreamPosition;
  /** Whether history was read. Before that, only what was published meanwhile is known. */
  readonly loaded: boolean;
  readonly upstream: UpstreamState;
  /** Whether the upstream refuses the ticket. */
  isQuarantined(caseId: CaseId): boolean;
  tail(caseId: CaseId): Tail;
}

/** How many publications of a ticket are read at once. */
export interface ReadBounds {
  /** `HISTORY_MAX_EVENTS`: the most that history can give per ticket. */
  readonly historyMax: number;
  /** Publications that a tail keeps while no client needs more. */
  readonly tailMax: number;
}

/** The offset from which a client can resume; null if its position is not one of the feed's present epoch. */
export function resumeOffset(from: SubscribeRequest['from'], position: StreamPosition): number | null {
  const known =
    from.kind === 'position' && from.position.epoch === position.epoch && from.position.offset <= position.offset;
  return known ? from.position.offset : null;
}

/**
 * What has to be read from history before a request can be served from memory.
 *
 * @param first whether nothing was read for this request yet. A position that is unknown here may be one that another
 *   gateway gave a moment ago, so history is read once before the position counts as unknown.
 */
export function missing(
  request: SubscribeRequest,
  source: RecoverySource,
  bounds: ReadBounds,
  first: boolean,
): HistoryWant[] {
  const { position, loaded } = source;
  const resumed = resumeOffset(request.from, position);
  const named = request.from.kind === 'position' ? request.from.position.offset : null;
  const stale = !loaded || (first && named !== null && resumed === null);
  // The position may turn out to be known, so what it needs is read.
  const after = stale ? named : resumed;
  const everything = request.from.kind !== 'start' && after === null;
  const count = everything ? bounds.historyMax : after === null ? request.history : 0;
  // A claim beyond what the store has ends the epoch for every client of the feed, so only a proven position is one.
  const isClaim = stale && request.from.kind === 'position' && request.from.isProven;
  const claim = isClaim ? { claim: request.from.position } : {};
  return request.caseIds
    .filter((caseId) => stale || !source.tail(caseId).covers(after, count, position.offset))
    .map((caseId) => ({ caseId, atLeast: Math.max(count, bounds.tailMax), after, ...claim }));
}

/**
 * The recovery of one subscription, from tails that cover it. A client with an unknown position gets a `gap` and
 * everything that is kept: an event twice is better than no event.
 */
export function recover(request: SubscribeRequest, source: RecoverySource): Recovery {
  const { position } = source;
  const after = resumeOffset(request.from, position);
  const named = request.from.kind !== 'start';
  const replay: Publication[] = [];
  const lost: CaseId[] = [];
  for (const caseId of request.caseIds) {
    const tail = source.tail(caseId);
    if (after !== null) {
      replay.push(...tail.between(after, position.offset));
      if (tail.lost(after)) {
        lost.push(caseId);
      }
    } else {
      replay.push(...(named ? tail.between(0, position.offset) : tail.last(request.history, position.offset)));
    }
  }
  replay.sort((a, b) => a.offset - b.offset);
  const reason: GapReason = after === null ? 'unknown_position' : 'history_truncated';
  const unserved = named && after === null ? request.caseIds : lost;
  const notices: Notice[] = [];
  if (unserved.length > 0) {
    notices.push({ kind: 'gap', caseIds: unserved, reason });
  }
  if (source.upstream.state === 'degraded') {
    notices.push({ kind: 'upstream', state: source.upstream });
  }
  const quarantined = request.caseIds.filter((caseId) => source.isQuarantined(caseId));
  if (quarantined.length > 0) {
    notices.push({ kind: 'revoked', caseIds: quarantined });
  }
  return { caseIds: request.caseIds, notices, replay, position, recovered: named && unserved.length === 0 };
}
