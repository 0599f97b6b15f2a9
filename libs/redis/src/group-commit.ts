import type { Committed, SetCommit, SetStore } from '#core';

/** For how long a poll that found nothing may wait for others like it (ms). */
const GROUP_MS = 20;

/** It waits only where its set is not due again for so many times that: polls at a high pace are not slowed. */
const UNHURRIED = 10;

/**
 * Commits of polls that found nothing leave in groups: nobody waits for them, and it is waking Redis and being woken by
 * it that costs, not the script. Whatever a client is to hear of goes at once. A set stays leased while its commit
 * waits, so what the lease and the fence promise does not change.
 */
export class GroupCommit {
  private group: Promise<void> | null = null;

  /** Waits if the commit may. @throws what the store's commit throws */
  async commit(store: Pick<SetStore, 'commit'>, commit: SetCommit): Promise<Committed> {
    if (isIdle(commit) && !isDueSoon(commit)) {
      await this.others();
    }
    return store.commit(commit);
  }

  private others(): Promise<void> {
    this.group ??= new Promise((resolve) => {
      setTimeout(() => {
        this.group = null;
        resolve();
      }, GROUP_MS);
    });
    return this.group;
  }
}

function isIdle(commit: SetCommit): boolean {
  return commit.entries.length === 0 && commit.backfilled.length === 0 && commit.bisection === undefined;
}

function isDueSoon({ due, now }: SetCommit): boolean {
  return due === undefined || due.idle - now <= UNHURRIED * GROUP_MS;
}
