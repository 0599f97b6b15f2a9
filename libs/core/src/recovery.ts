import type { Publication } from './publication.js';
import type { GapReason, Notice, Recovery, SubscribeRequest } from './subscription.js';
import type { UpstreamState } from './ports/broker.js';
import type { StreamPosition } from './stream-position.js';
import type { Tail } from './tail.js';
import type { CaseId } from './ticket.js';

/** What is known of a feed at the instant of a recovery: everything up to `position` of the tickets asked for. */
export interface RecoverySource {
  readonly position: StreamPosition;
  readonly upstream: UpstreamState;
  /** Whether the upstream refuses the ticket. */
  isApart(caseId: CaseId): boolean;
  tail(caseId: CaseId): Tail;
}

/** The offset a client can go on from, or null where its position says nothing in this life of the feed. */
export function resumeOffset(from: SubscribeRequest['from'], position: StreamPosition): number | null {
  const known =
    from.kind === 'position' && from.position.epoch === position.epoch && from.position.offset <= position.offset;
  return known ? from.position.offset : null;
}

/**
 * Replays one subscription from tails that cover it. A client whose position means nothing gets everything that is
 * kept, after being told so: rather twice than never.
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
  const missing = named && after === null ? request.caseIds : lost;
  const notices: Notice[] = [];
  if (missing.length > 0) {
    notices.push({ kind: 'gap', caseIds: missing, reason });
  }
  if (source.upstream.state === 'degraded') {
    notices.push({ kind: 'upstream', state: source.upstream });
  }
  const apart = request.caseIds.filter((caseId) => source.isApart(caseId));
  if (apart.length > 0) {
    notices.push({ kind: 'revoked', caseIds: apart });
  }
  return { caseIds: request.caseIds, notices, replay, position, recovered: named && missing.length === 0 };
}
