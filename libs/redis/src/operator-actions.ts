import type { CaseId, FeedKey } from '#core';
import type { RedisClient } from './connection.js';
import type { Keys } from './keys.js';
import { Scripts } from './scripts.js';

/** What came of releasing a ticket: it is `polled` at present already, or it is in no quarantine (`none`). */
export type Release = 'released' | 'polled' | 'none';

/** What operators change beside what clients cause: pause.lua and release-ticket.lua. */
export class OperatorActions {
  private readonly scripts: Scripts<'pause' | 'release-ticket'>;

  constructor(
    client: RedisClient,
    private readonly keys: Keys,
  ) {
    this.scripts = new Scripts(client, ['pause', 'release-ticket'], {});
  }

  /**
   * Pauses a feed, or lets it go on.
   *
   * @param at since when it is paused, ms since 1970; null: it goes on
   * @returns whether there is such a feed
   * @throws what Redis answers, or a timeout
   */
  async pause(feed: FeedKey, at: number | null): Promise<boolean> {
    const args = { base: this.keys.base(feed), at: at === null ? undefined : Math.round(at) };
    return Number(await this.scripts.run('pause', this.keys.ofScripts(feed).pause, args)) === 1;
  }

  /** Ends the wait of a quarantined ticket. @throws what Redis answers, or a timeout */
  async release(feed: FeedKey, caseId: CaseId, now: number): Promise<Release> {
    const args = { base: this.keys.base(feed), case: caseId, now: Math.round(now) };
    return (await this.scripts.run('release-ticket', this.keys.ofScripts(feed).release(caseId), args)) as Release;
  }
}
