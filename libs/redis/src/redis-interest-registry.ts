import {
  newEpoch,
  type CaseId,
  type DueSet,
  type FeedKey,
  type InterestRegistry,
  type LeaseReason,
  type SetRef,
} from '#core';

import type { RedisClient } from './connection.js';
import { type Keys } from './keys.js';
import type { SetBounds } from './redis-set-store.js';
import { Scripts } from './scripts.js';
import { SetPacker } from './set-packer.js';
import { WakeChannel } from './wake-channel.js';

export interface InterestBounds extends SetBounds {
  /** `POLL_INTERVAL_MS`. */
  readonly pollIntervalMs: number;
}

/** Largest number of tickets that leave, and of overdue sets that are found, in one call. It bounds how long Redis is blocked. */
const CALL_MAX = 500;

/** A feed without tickets is removed from the list after this long, ms. */
const FEED_FORGOTTEN_MS = 600_000;

/** Interest leases and ticket sets: want.lua, hint.lua, sweep.lua and pack.lua. */
export class RedisInterestRegistry implements InterestRegistry {
  private readonly scripts: Scripts<'want' | 'hint' | 'sweep'>;
  private readonly wake: WakeChannel;
  private readonly packer: SetPacker;

  constructor(
    private readonly client: RedisClient,
    private readonly keys: Keys,
    bounds: InterestBounds,
  ) {
    this.scripts = new Scripts(client, ['want', 'hint', 'sweep'], bounds);
    this.wake = new WakeChannel(client, keys);
    this.packer = new SetPacker(client, keys, bounds);
  }

  async want(
    feed: FeedKey,
    caseIds: readonly CaseId[],
    now: number,
    until: number,
    reason: LeaseReason,
  ): Promise<DueSet[]> {
    if (caseIds.length === 0) {
      return [];
    }
    // The feed is listed before its tickets exist: a feed that is not listed would never be swept.
    await this.client.zadd(this.keys.feeds, 'GT', Math.round(until), feed);
    const woken = await this.scripts.discover('want', this.keys.ofScripts(feed).want, {
      base: this.keys.base(feed),
      now: Math.round(now),
      wantedUntil: Math.round(until),
      newEpoch: newEpoch(now, Math.random()),
      isArrival: reason === 'arrival',
      tickets: caseIds,
    });
    return dueSets(feed, woken);
  }

  async hint(feed: FeedKey, caseIds: readonly CaseId[], now: number): Promise<DueSet[]> {
    const args = { base: this.keys.base(feed), now: Math.round(now), tickets: caseIds };
    return dueSets(feed, await this.scripts.discover('hint', this.keys.ofScripts(feed).hint, args));
  }

  async sweep(feed: FeedKey, now: number): Promise<number> {
    const args = { base: this.keys.base(feed), now: Math.round(now), most: CALL_MAX };
    const answer = await this.scripts.discover('sweep', this.keys.ofScripts(feed).sweep, args);
    const [left, remains, ...changed] = answer;
    await this.wake.tell(changed.map((id) => ({ feed, id: Number(id) })));
    await this.packer.pack(feed, now);
    if (Number(remains) === 1) {
      // Leases may have ended long ago: no worker ran, or a ticket was in quarantine for longer than that.
      await this.client.zadd(this.keys.feeds, 'GT', Math.round(now), feed);
    }
    return Number(left);
  }

  async feeds(): Promise<FeedKey[]> {
    return (await this.client.zrange(this.keys.feeds, '0', '-1')) as FeedKey[];
  }

  async forget(swept: number): Promise<void> {
    await this.client.zremrangebyscore(this.keys.feeds, '-inf', Math.round(swept) - FEED_FORGOTTEN_MS);
  }

  async overdue(feed: FeedKey, before: number): Promise<SetRef[]> {
    const ids = await this.client.zrangebyscore(
      this.keys.due(feed),
      '-inf',
      String(Math.round(before)),
      'LIMIT',
      0,
      CALL_MAX,
    );
    return ids.map((id) => ({ feed, id: Number(id) }));
  }

  async earliestDue(feed: FeedKey): Promise<number | null> {
    const [, due] = await this.client.zrange(this.keys.due(feed), '0', '0', 'WITHSCORES');
    return due === undefined ? null : Number(due);
  }
}

/** `id, due, id, due..` as the scripts answer it. */
function dueSets(feed: FeedKey, answer: readonly (string | number)[]): DueSet[] {
  const sets: DueSet[] = [];
  for (let index = 0; index < answer.length; index += 2) {
    sets.push({ ref: { feed, id: Number(answer[index]) }, at: Number(answer[index + 1]) });
  }
  return sets;
}
