import type { FeedKey } from '#core';

import type { RedisClient } from './connection.js';
import type { Keys } from './keys.js';
import type { ScriptSettings } from './script-constants.js';
import { Scripts } from './scripts.js';
import { WakeChannel } from './wake-channel.js';

/** How many keys one command names. */
const COMMAND_KEYS = 1000;

/** Restores lost keys of a feed with audit.lua, if counts do not agree. */
export class FeedAudit {
  private readonly scripts: Scripts<'audit'>;
  private readonly wake: WakeChannel;

  constructor(
    private readonly client: RedisClient,
    private readonly keys: Keys,
    settings: Pick<ScriptSettings, 'upstreamMaxCaseIds' | 'historyTtlS'>,
  ) {
    this.scripts = new Scripts(client, ['audit'], settings);
    this.wake = new WakeChannel(client, keys);
  }

  /**
   * @param now ms since 1970
   * @returns ids of the sets that were made again; their workers are told
   * @throws if Redis is out of reach
   */
  async run(feed: FeedKey, now: number): Promise<readonly number[]> {
    if (await this.isInOrder(feed)) {
      return [];
    }
    const args = { base: this.keys.base(feed), now: Math.round(now) };
    const made = (await this.scripts.discover('audit', this.keys.ofScripts(feed).audit, args)).map(Number);
    await this.wake.tell(made.map((id) => ({ feed, id })));
    return made;
  }

  /**
   * Whether every set has a size and a due time, and every ticket of a set a place and an interest. A wanted ticket without
   * a place is quarantined. These few commands are cheaper than a script that declares every set. They see no single
   * instant: if they do not agree, audit.lua decides.
   */
  private async isInOrder(feed: FeedKey): Promise<boolean> {
    const key = (name: string) => this.keys.base(feed) + name;
    const read = this.client.multi().zrange(key('sizes'), '0', '-1', 'WITHSCORES').zcard(key('due'));
    const found = await read
      .hlen(key('place'))
      .zcard(key('interest'))
      .zcard(key('apart'))
      .exec()
      .catch(() => null); // The slot of the feed is being moved, for example: the script waits for that.
    const [sizes, due, places, wanted, quarantined] = found?.map(([, value]) => value) ?? [];
    if (!Array.isArray(sizes)) {
      return false;
    }
    const sets = sizes.filter((_, at) => at % 2 === 0).map((id) => key(`set:${String(id)}`));
    const tickets = sizes.reduce<number>((sum, size, at) => (at % 2 === 0 ? sum : sum + Number(size)), 0);
    const unplaced = Number(wanted) - tickets;
    return (
      sets.length === due &&
      tickets === places &&
      unplaced >= 0 &&
      unplaced <= Number(quarantined) &&
      (await this.areThere(sets))
    );
  }

  private async areThere(keys: readonly string[]): Promise<boolean> {
    for (let start = 0; start < keys.length; start += COMMAND_KEYS) {
      const part = keys.slice(start, start + COMMAND_KEYS);
      if ((await this.client.exists(...part).catch(() => 0)) < part.length) {
        return false;
      }
    }
    return true;
  }
}
