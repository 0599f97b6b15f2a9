import type { Quota, TurnRequest } from '#core';

import type { RedisClient } from './connection.js';
import type { Keys } from './keys.js';
import { Scripts } from './scripts.js';

/** How long after a throttling turns are asked for although there is no quota (ms): as long as quota.lua slows down. */
const WARY_MS = 12_000;

/** The quota of all workers together: quota.lua. Costs nothing while there is no limit and the upstream is content. */
export class RedisQuota implements Quota {
  private readonly scripts: Scripts;
  /** Until when turns have to be asked for, ms since 1970. */
  private waryUntil = 0;

  constructor(
    private readonly client: RedisClient,
    private readonly keys: Keys,
    /** `UPSTREAM_MAX_RPS`; 0: no limit. */
    private readonly maxRps: number,
  ) {
    this.scripts = new Scripts(client);
  }

  async turn({ ref, rank, now }: TurnRequest): Promise<number> {
    if (this.maxRps === 0 && now >= this.waryUntil) {
      return 0;
    }
    const args = [Math.round(now), this.maxRps, `${ref.feed}/${ref.id}`, Math.round(rank)];
    return Number(await this.scripts.run('quota', this.keys.quota, args));
  }

  async throttled(until: number): Promise<void> {
    this.waryUntil = Math.max(this.waryUntil, until + WARY_MS);
    await this.client.hset(this.keys.quota[0], 'until', Math.round(until));
    await this.client.pexpire(this.keys.quota[0], 3_600_000);
  }

  /** Learns what other workers were told by the upstream; to be called about once a second. */
  async refresh(): Promise<void> {
    const until = await this.client.hget(this.keys.quota[0], 'until');
    this.waryUntil = Math.max(this.waryUntil, Number(until ?? 0) + WARY_MS);
  }
}
