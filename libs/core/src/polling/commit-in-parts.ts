import type { DeltaEntry } from './delta.js';
import type { Clock } from '../model/clock.js';
import { COMMIT_MAX_ENTRIES, type Committed, type SetCommit, type SetStore } from './ports/set-store.js';
import type { TicketSet } from './ticket-set.js';

export interface CommitContext {
  readonly store: Pick<SetStore, 'commit'>;
  readonly clock: Clock;
  /** How long a part extends the lease for the next one, ms. */
  readonly leaseMs: number;
}

/** Commits in parts, so that no call blocks Redis for long. Only the last part changes more than what is delivered. */
export async function commitInParts(
  { store, clock, leaseMs }: CommitContext,
  set: TicketSet,
  entries: readonly DeltaEntry[],
  last: Pick<SetCommit, 'backfilled' | 'learned' | 'due' | 'lease' | 'bisection'>,
): Promise<Committed> {
  let fence = set.fence;
  let published = 0;
  let start = 0;
  for (const end of cuts(entries)) {
    const now = clock.now();
    const part = await store.commit({
      ref: set.ref,
      fence,
      now,
      entries: entries.slice(start, end),
      backfilled: [],
      lease: { kind: 'extend', until: now + leaseMs },
    });
    if (part.kind !== 'committed') {
      return part;
    }
    fence = part.fence;
    published += part.published;
    start = end;
  }
  const remaining = { ref: set.ref, fence, now: clock.now(), entries: entries.slice(start), ...last };
  const committed = await store.commit(remaining);
  return committed.kind === 'committed' ? { ...committed, published: committed.published + published } : committed;
}

/**
 * Where the parts end, but for the last one. No class is in two parts, because the commit looks at a class as a whole. So a
 * part has more than {@link COMMIT_MAX_ENTRIES} where two messages of one class lie further apart. A class is of one
 * second, so such a part has hardly more than the messages of that second.
 */
function cuts(entries: readonly DeltaEntry[]): number[] {
  const found: number[] = [];
  if (entries.length <= COMMIT_MAX_ENTRIES) {
    return found;
  }
  let start = 0;
  let before = 0;
  for (const place of placesBetweenClasses(entries)) {
    if (place - start > COMMIT_MAX_ENTRIES && before > start) {
      found.push(before);
      start = before;
    }
    before = place;
  }
  return found;
}

/** The indices before which a cut is possible, and the end. */
function placesBetweenClasses(entries: readonly DeltaEntry[]): number[] {
  const lastOfClass = new Map(entries.map((entry, index) => [classKey(entry, index), index]));
  const places: number[] = [];
  let open = 0;
  entries.forEach((entry, index) => {
    open = Math.max(open, lastOfClass.get(classKey(entry, index)) ?? index);
    if (open === index) {
      places.push(index + 1);
    }
  });
  return places;
}

function classKey(entry: DeltaEntry, index: number): string | number {
  return entry.kind === 'message' && entry.class !== null ? `${entry.caseId}\n${entry.class}` : index;
}
