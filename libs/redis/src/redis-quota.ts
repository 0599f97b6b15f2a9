import { setName, type Quota, type TurnRequest } from '#core';

import { subscribed } from './channel-subscriptions.js';
import type { RedisClient } from './connection.js';
import type { Keys } from './keys.js';
import { QUOTA_KEPT_MS, QUOTA_RAMP_MS } from './script-constants.js';
import { Scripts } from './scripts.js';

/** The quota of all workers together: quota.lua. It costs nothing while there is no limit and no 429. */
export class RedisQuota implements Quota {
  private readonly scripts: Scripts<'quota'>;
  /** Until when turns are asked for even without a limit, ms since 1970. */
  private slowUntil = 0;

  constructor(
    private readonly client: RedisClient,
    private readonly keys: Keys,
    /** `UPSTREAM_MAX_RPS`; 0: no limit. */
    private readonly maxRps: number,
  ) {
    this.scripts = new Scripts(client, ['quota'], { upstreamMaxRps: maxRps });
  }

  async turn({ ref, rank, now, isUnknown }: TurnRequest): Promise<number> {
    if (this.maxRps === 0 && now >= this.slowUntil) {
      return 0;
    }
    const args = { now: Math.round(now), set: setName(ref), rank: Math.round(rank), isUnknown };
    return Number(await this.scripts.run('quota', this.keys.quota, args));
  }

  async throttled(until: number): Promise<void> {
    this.slowDown(until);
    const [key] = this.keys.quota;
    // Two commands of one key each, which Redis Cluster serves while it moves the slot. A transaction would be refused.
    await this.client.hset(key, 'until', Math.round(until));
    await this.client.pexpire(key, QUOTA_KEPT_MS);
    await this.client.publish(this.keys.throttledChannel, String(Math.round(until)));
  }

  /**
   * Starts to listen for throttlings that other workers got.
   * @param subscriber a connection that is kept subscribed
   * @throws what Redis answers; it may be called again then
   */
  async listen(subscriber: RedisClient): Promise<void> {
    await subscribed(subscriber, this.keys.throttledChannel, this.hear);
    this.slowDown(Number((await this.client.hget(this.keys.quota[0], 'until')) ?? 0));
  }

  private readonly hear = (channel: string, text: string): void => {
    if (channel === this.keys.throttledChannel) {
      this.slowDown(Number(text));
    }
  };

  /** @param until when the throttling ends, ms since 1970 */
  private slowDown(until: number): void {
    this.slowUntil = Math.max(this.slowUntil, until + QUOTA_RAMP_MS);
  }
}
