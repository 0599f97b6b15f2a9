import type { HistorySnapshot } from './ports/broker.js';
import type { Publication } from '../model/publication.js';
import type { CaseId } from '../model/ticket.js';

/** What subscribers missed during an interruption. */
export interface Missed {
  /** In order of offset. */
  readonly publications: readonly Publication[];
  /** Tickets that lost publications, with the offset up to which they did. */
  readonly truncated: ReadonlyMap<CaseId, number>;
}

/**
 * The publications of history, and of those that were held while it was read, that are not dispatched yet.
 *
 * @param ends offset up to which each ticket is dispatched; other tickets are ignored
 * @param snapshots of one epoch, oldest first
 */
export function missedSince(
  ends: ReadonlyMap<CaseId, number>,
  snapshots: readonly HistorySnapshot[],
  held: readonly Publication[],
): Missed {
  const newest = snapshots.at(-1);
  const histories = snapshots.flatMap((snapshot) => snapshot.tickets);
  // Tickets were read at slightly different instants. What was published in between is among the held publications.
  const between = held.filter((one) => one.epoch === newest?.epoch && one.offset <= newest.offset);
  const missed = new Map<number, Publication>();
  for (const publication of [...histories.flatMap((history) => history.publications), ...between]) {
    if (publication.offset > (ends.get(publication.caseId) ?? Number.POSITIVE_INFINITY)) {
      missed.set(publication.offset, publication);
    }
  }
  const truncated = histories.filter(
    ({ caseId, completeAfter }) => completeAfter > (ends.get(caseId) ?? Number.POSITIVE_INFINITY),
  );
  return {
    publications: [...missed.values()].sort((a, b) => a.offset - b.offset),
    truncated: new Map(truncated.map(({ caseId, completeAfter }) => [caseId, completeAfter])),
  };
}

/**
 * Whether the store has another publication, or none, at an offset that was dispatched. Then it lost its newest data
 * and has given the same offsets to other publications since. A publication that history no longer keeps does not
 * count.
 *
 * @param ends the last publication that was dispatched, per ticket
 */
export function hasDiverged(ends: readonly Publication[], snapshots: readonly HistorySnapshot[]): boolean {
  const histories = new Map(
    snapshots.flatMap((snapshot) => snapshot.tickets).map((history) => [history.caseId, history]),
  );
  return ends.some((end) => {
    const history = histories.get(end.caseId);
    const kept = history?.publications.find((publication) => publication.offset === end.offset);
    return history !== undefined && history.completeAfter < end.offset && !(kept && isSame(kept, end));
  });
}

function isSame(one: Publication, other: Publication): boolean {
  return contentOf(one) === contentOf(other) && one.seenAt === other.seenAt;
}

/** Those of different kinds are never equal. */
function contentOf(publication: Publication): string {
  switch (publication.kind) {
    case 'message':
      return publication.message;
    case 'status':
      return `status ${publication.status}`;
    case 'unread':
      return `unread ${publication.unreadNum} ${publication.status}`;
  }
}
