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
  for (; entries.length - start > COMMIT_MAX_ENTRIES; start += COMMIT_MAX_ENTRIES) {
    const now = clock.now();
    const part = await store.commit({
      ref: set.ref,
      fence,
      now,
      entries: entries.slice(start, start + COMMIT_MAX_ENTRIES),
      backfilled: [],
      lease: { kind: 'extend', until: now + leaseMs },
    });
    if (part.kind !== 'committed') {
      return part;
    }
    fence = part.fence;
    published += part.published;
  }
  const remaining = { ref: set.ref, fence, now: clock.now(), entries: entries.slice(start), ...last };
  const committed = await store.commit(remaining);
  return committed.kind === 'committed' ? { ...committed, published: committed.published + published } : committed;
}
