import type { CaseId, DueSet, FeedKey } from '#core';
import type { RedisClient } from './connection.js';
import type { Keys } from './keys.js';
import type { HistoryBounds } from './redis-set-store.js';
import { Scripts } from './scripts.js';

/** What came of releasing a ticket: it is `polled` at present already, or it is in no quarantine (`none`). */
export type Release =
  { readonly kind: 'released'; readonly due: DueSet } | { readonly kind: 'polled' } | { readonly kind: 'none' };

/** What operators change beside what clients cause: pause.lua and release-ticket.lua. */
export class OperatorActions {
  private readonly scripts: Scripts<'pause' | 'release-ticket'>;

  constructor(
    client: RedisClient,
    private readonly keys: Keys,
    bounds: HistoryBounds,
  ) {
    this.scripts = new Scripts(client, ['pause', 'release-ticket'], bounds);
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

  /**
   * Ends the wait of a quarantined ticket.
   *
   * @returns the set that it has now, which has to be woken
   * @throws what Redis answers, or a timeout
   */
  async release(feed: FeedKey, caseId: CaseId, now: number): Promise<Release> {
    const at = Math.round(now);
    const args = { base: this.keys.base(feed), case: caseId, now: at };
    const [kind, id] = await this.scripts.discover('release-ticket', this.keys.ofScripts(feed).sweep, args);
    if (kind === 'released') {
      return { kind, due: { ref: { feed, id: Number(id) }, at } };
    }
    return { kind: kind === 'polled' ? 'polled' : 'none' };
  }
}
