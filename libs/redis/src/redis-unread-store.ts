import {
  newEpoch,
  unreadTopic,
  type CaseId,
  type Clock,
  type FeedKey,
  type UnreadCount,
  type UnreadStore,
} from '#core';
import type { RedisClient } from './connection.js';
import type { Keys } from './keys.js';
import type { HistoryBounds } from './redis-set-store.js';
import { Scripts } from './scripts.js';

/** Unread counts: leases of those who want them, the claim of the worker that asks, and unread.lua. */
export class RedisUnreadStore implements UnreadStore {
  private readonly scripts: Scripts<'unread'>;

  constructor(
    private readonly client: RedisClient,
    private readonly keys: Keys,
    private readonly clock: Clock,
    bounds: HistoryBounds,
  ) {
    this.scripts = new Scripts(client, ['unread'], bounds);
  }

  async want(feed: FeedKey, caseIds: readonly CaseId[], until: number): Promise<void> {
    const score = Math.round(until);
    const leases = caseIds.flatMap((caseId) => [score, caseId]);
    const key = this.keys.unread(feed);
    const leaseMs = Math.max(1, score - Math.round(this.clock.now()));
    // Commands of one key each, which Redis Cluster serves while it moves a slot.
    await this.client.zadd(key, 'GT', ...leases);
    await this.client.pexpire(key, leaseMs * 2);
    await this.client.zadd(this.keys.unreadFeeds, 'GT', score, feed);
  }

  async feeds(now: number): Promise<FeedKey[]> {
    const feeds = await this.client.zrangebyscore(this.keys.unreadFeeds, Math.round(now), '+inf');
    return feeds as FeedKey[];
  }

  async claim(feed: FeedKey, owner: string, forMs: number): Promise<boolean> {
    return (await this.client.set(this.keys.unreadClaim(feed), owner, 'PX', Math.round(forMs), 'NX')) === 'OK';
  }

  async settle(feed: FeedKey, inMs: number): Promise<void> {
    await this.client.pexpire(this.keys.unreadClaim(feed), Math.round(inMs));
  }

  async wanted(feed: FeedKey, now: number): Promise<CaseId[]> {
    const key = this.keys.unread(feed);
    await this.client.zremrangebyscore(key, '-inf', Math.round(now));
    return this.client.zrange(key, '0', '-1');
  }

  async publish(feed: FeedKey, counts: readonly UnreadCount[], seenAt: number): Promise<number> {
    if (counts.length === 0) {
      return 0;
    }
    const now = Math.round(this.clock.now());
    const named = counts.map(({ caseId, unreadNum, status }) => ({
      name: unreadTopic(caseId),
      count: unreadNum,
      status: status ?? undefined,
    }));
    const keys = this.keys.ofScripts(feed).unread(named.map(({ name }) => name));
    const args = {
      base: this.keys.base(feed),
      now,
      newEpoch: newEpoch(now, Math.random()),
      seenAt: Math.round(seenAt),
    };
    return Number(await this.scripts.run('unread', keys, { ...args, counts: named }));
  }
}
