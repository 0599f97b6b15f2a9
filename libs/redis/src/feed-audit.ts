import type { FeedKey } from '#core';

import type { RedisClient } from './connection.js';
import { FeedLook } from './feed-look.js';
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
  private readonly look: FeedLook;

  constructor(
    private readonly client: RedisClient,
    private readonly keys: Keys,
    settings: Pick<ScriptSettings, 'upstreamMaxCaseIds' | 'historyTtlS'>,
  ) {
    this.scripts = new Scripts(client, ['audit'], settings);
    this.wake = new WakeChannel(client, keys);
    this.look = new FeedLook(client, keys, settings);
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
   * Whether the counts of the feed's keys agree, and the hash of every set is there. This is cheaper than a script that
   * declares every set. It sees no single instant: if something is missing, audit.lua decides.
   */
  private async isInOrder(feed: FeedKey): Promise<boolean> {
    const base = this.keys.base(feed);
    const [{ isDamaged }, ids] = await Promise.all([this.look.at(feed), this.client.zrange(`${base}sizes`, '0', '-1')]);
    return !isDamaged && (await this.areThere(ids.map((id) => `${base}set:${id}`)));
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
