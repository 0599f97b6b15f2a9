import type { FeedKey } from '#core';

import type { RedisClient } from './connection.js';
import type { Keys } from './keys.js';
import type { ScriptSettings } from './script-constants.js';
import { Scripts } from './scripts.js';

/** What a feed needs, and when, as one script saw it. Times in ms since 1970; null where there is none. */
export interface FeedNeeds {
  /** When the set that waits longest was or is due. */
  readonly dueAt: number | null;
  /** When the first interest lease ends. */
  readonly leaseEndsAt: number | null;
  /** When a quarantined ticket gets a set of its own. */
  readonly retryAt: number | null;
  /** Keys are lost: their counts do not agree. */
  readonly isDamaged: boolean;
  /** Keys were lost and made again, and no worker was told. */
  readonly hasUntoldLosses: boolean;
  /** Sets can be merged. */
  readonly isThin: boolean;
}

/** Looks at a feed with look.lua. */
export class FeedLook {
  private readonly scripts: Scripts<'look'>;

  constructor(
    client: RedisClient,
    private readonly keys: Keys,
    settings: Pick<ScriptSettings, 'upstreamMaxCaseIds'>,
  ) {
    this.scripts = new Scripts(client, ['look'], settings);
  }

  /** @throws if Redis is out of reach */
  async at(feed: FeedKey): Promise<FeedNeeds> {
    const args = { base: this.keys.base(feed) };
    const answer = await this.scripts.run('look', this.keys.ofScripts(feed).look, args);
    const [due, ends, retry, damaged, untold, thin] = answer as (string | number)[];
    const time = (text: string | number | undefined) => (text === '' || text === undefined ? null : Number(text));
    return {
      dueAt: time(due),
      leaseEndsAt: time(ends),
      retryAt: time(retry),
      isDamaged: damaged === 1,
      hasUntoldLosses: untold === 1,
      isThin: thin === 1,
    };
  }
}
