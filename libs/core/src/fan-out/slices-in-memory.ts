import type { HistorySlice, ReplayExtent, SliceWant } from './ports/broker.js';
import { replayOf, type RecoverySource } from './recovery.js';
import { resumeOffset, type SubscribeRequest } from './subscription.js';
import type { Publication } from '../model/publication.js';
import type { CaseId } from '../model/ticket.js';

/** Bytes that a publication takes in a slice: the text of its message. */
export function bytesOf(publication: Publication): number {
  return publication.kind === 'message' ? publication.message.length : 0;
}

/** The extent of a replay that tails cover. */
export function extentInMemory(request: SubscribeRequest, source: RecoverySource): ReplayExtent {
  const after = resumeOffset(request.from, source.position);
  const floors = new Map<CaseId, number>();
  let count = 0;
  for (const caseId of request.caseIds) {
    const publications = replayOf(request, caseId, source);
    count += publications.length;
    floors.set(caseId, after ?? (publications[0]?.offset ?? source.position.offset + 1) - 1);
  }
  return { ...source.position, floors, count };
}

/** A slice of a replay from tails; null if they do not cover it. */
export function sliceInMemory(want: SliceWant, source: RecoverySource): HistorySlice | null {
  const { position } = source;
  const publications: Publication[] = [];
  const lost: CaseId[] = [];
  let bytes = 0;
  if (position.offset < want.upTo) {
    return null; // The publications up to there are on their way.
  }
  for (const [caseId, floor] of want.floors) {
    const tail = source.tail(caseId);
    const after = Math.max(want.after, floor);
    if (!tail.covers(after, 0, position.offset)) {
      return null;
    }
    if (tail.lost(after)) {
      lost.push(caseId);
    }
    for (const publication of tail.between(after, want.upTo)) {
      publications.push(publication);
      bytes += bytesOf(publication);
    }
  }
  if (publications.length > 1 && (publications.length > want.maxEvents || bytes > want.maxBytes)) {
    return { ...position, publications: null, lost: [] };
  }
  return { ...position, publications: publications.sort((a, b) => a.offset - b.offset), lost };
}
