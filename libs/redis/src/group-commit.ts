import type { Committed, SetCommit, SetStore } from '#core';

/** How long the commit of a poll that found nothing may wait for other such commits, ms. */
const GROUP_MS = 20;

/** It waits only if its set is due later than this many group times: polls at a high pace are not slowed. */
const UNHURRIED_TIMES = 10;

/**
 * Commits of polls that found nothing leave in groups. No client waits for them, and a call costs more than the script in
 * it. A commit that a client waits for leaves at once. A set stays leased while its commit waits, so lease and fence hold as
 * usual.
 */
export class GroupCommit {
  private group: Promise<void> | null = null;

  /** Commits, after a wait if the commit may wait. @throws what the store's commit throws */
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
  return due === undefined || due.idle - now <= UNHURRIED_TIMES * GROUP_MS;
}
