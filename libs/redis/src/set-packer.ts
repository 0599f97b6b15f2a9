import type { FeedKey } from '#core';

import type { RedisClient } from './connection.js';
import type { Keys } from './keys.js';
import type { ScriptSettings } from './script-constants.js';
import { Scripts } from './scripts.js';
import { WakeChannel } from './wake-channel.js';

/** Merges the thin sets of a feed: pack.lua. */
export class SetPacker {
  private readonly scripts: Scripts<'pack'>;
  private readonly wake: WakeChannel;

  constructor(
    client: RedisClient,
    private readonly keys: Keys,
    settings: Pick<ScriptSettings, 'upstreamMaxCaseIds'>,
  ) {
    this.scripts = new Scripts(client, ['pack'], settings);
    this.wake = new WakeChannel(client, keys);
  }

  /** Merges what can be merged now, and tells the workers which sets changed. @param now ms since 1970 */
  async pack(feed: FeedKey, now: number): Promise<void> {
    const args = { base: this.keys.base(feed), now: Math.round(now) };
    const changed = await this.scripts.discover('pack', this.keys.ofScripts(feed).pack, args);
    await this.wake.tell(changed.map((id) => ({ feed, id: Number(id) })));
  }
}
