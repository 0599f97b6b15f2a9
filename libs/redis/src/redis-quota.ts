import { setName, type Quota, type TurnRequest } from '#core';

import type { RedisClient } from './connection.js';
import type { Keys } from './keys.js';
import { Scripts } from './scripts.js';

/** How long after a throttling turns are asked for although there is no quota (ms): as long as quota.lua slows down. */
const WARY_MS = 12_000;

/** The quota's keys outlive their last use by this, ms. */
const FORGOTTEN_MS = 3_600_000;

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
    const args = [Math.round(now), this.maxRps, setName(ref), Math.round(rank)];
    return Number(await this.scripts.run('quota', this.keys.quota, args));
  }

  async throttled(until: number): Promise<void> {
    this.beWary(until);
    const [key] = this.keys.quota;
    await this.client.multi().hset(key, 'until', Math.round(until)).pexpire(key, FORGOTTEN_MS).exec();
    await this.client.publish(this.keys.throttledChannel, String(Math.round(until)));
  }

  /**
   * Begins to hear what other workers were told by the upstream.
   * @param subscriber a connection that is kept subscribed
   */
  async listen(subscriber: RedisClient): Promise<void> {
    subscriber.on('message', (channel: string, text: string) => {
      if (channel === this.keys.throttledChannel) {
        this.beWary(Number(text));
      }
    });
    await subscriber.subscribe(this.keys.throttledChannel);
    this.beWary(Number((await this.client.hget(this.keys.quota[0], 'until')) ?? 0));
  }

  private beWary(until: number): void {
    this.waryUntil = Math.max(this.waryUntil, until + WARY_MS);
  }
}
