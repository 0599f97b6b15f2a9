import type { News } from './delta.js';
import type { Clock } from './ports/clock.js';
import { COMMIT_MAX_NEWS, type Committed, type SetCommit, type SetStore } from './ports/set-store.js';
import type { TicketSet } from './ticket-set.js';

export interface CommitContext {
  readonly store: SetStore;
  readonly clock: Clock;
  /** How long a part keeps the set taken for the next one, ms. */
  readonly holdMs: number;
}

/** Commits in parts that do not block Redis for long; only the last part advances anything but what is delivered. */
export async function commitInParts(
  { store, clock, holdMs }: CommitContext,
  set: TicketSet,
  news: readonly News[],
  last: Pick<SetCommit, 'primed' | 'learned' | 'due' | 'after' | 'search'>,
): Promise<Committed> {
  let fence = set.fence;
  let published = 0;
  let start = 0;
  for (; news.length - start > COMMIT_MAX_NEWS; start += COMMIT_MAX_NEWS) {
    const now = clock.now();
    const part = await store.commit({
      ref: set.ref,
      fence,
      now,
      news: news.slice(start, start + COMMIT_MAX_NEWS),
      primed: [],
      after: { kind: 'more', heldUntil: now + holdMs },
      due: { lively: set.dueAt, quiet: set.dueAt },
    });
    if (part.kind !== 'committed') {
      return part;
    }
    fence = part.fence;
    published += part.published;
  }
  const rest = { ref: set.ref, fence, now: clock.now(), news: news.slice(start), ...last };
  const committed = await store.commit(rest);
  return committed.kind === 'committed' ? { ...committed, published: committed.published + published } : committed;
}
