import type { FeedKey } from '#core';

import type { RedisClient } from './connection.js';
import type { Keys } from './keys.js';
import { Scripts } from './scripts.js';

/** Feeds that one worker claims at once. */
export const CLAIM_FEEDS = 250;

/** Claimed feeds of a worker that died are visited by another one after this long, ms. */
const CLAIM_MS = 10_000;

/** A set that is late by this much may have lost its job, ms: Redis was emptied, or a wake-up was not sent. */
export const JOB_LATE_MS = 3000;

/** Every feed is visited at least this often, ms. */
export const VISIT_WITHIN_MS = 60_000;

/**
 * Feeds that one step of the walk reads. With one step a second, 250,000 feeds are walked within 10 minutes by one worker.
 */
const WALK_FEEDS = 500;

/** The time of a thorough visit ends with this, ms, also while it is put off. The first one is long past: it comes at once. */
const THOROUGH_MS = 0.5;

/** All feeds are visited thoroughly at most once in this time, ms. */
const VISIT_ALL_EVERY_MS = 10_000;

/** A feed stays listed for this long after the last lease ended, ms: longer than a gateway's commands may take. */
const LISTED_MS = 60_000;

/** Feeds to visit, which nobody else visits meanwhile. */
export interface Claim {
  readonly feeds: readonly FeedKey[];
  /** Those of them whose visits are thorough: the jobs of all sets are looked for, and not only those of late ones. */
  readonly thorough: ReadonlySet<FeedKey>;
  /** The time to which their visits are put off, ms since 1970. */
  readonly putOffTo: number;
}

/** When a feed is to be visited next, ms since 1970; null: nothing is left of it. */
export type NextVisit = readonly [feed: FeedKey, at: number | null];

/**
 * When each feed is to be visited next, in one sorted set over all feeds, which all workers share. It is not in the slot of the
 * feeds' keys, so it is written by commands of their own. If one of them is lost, the walk through the list of feeds finds the
 * feed.
 */
export class FeedVisits {
  private readonly scripts: Scripts<'claim-visits' | 'settle-visits' | 'forget-feeds'>;
  /** Where the walk goes on: a cursor of ZSCAN. */
  private position = '0';

  constructor(
    private readonly client: RedisClient,
    private readonly keys: Keys,
  ) {
    this.scripts = new Scripts(client, ['claim-visits', 'settle-visits', 'forget-feeds'], {});
  }

  /** Lists a feed that is wanted until `until` (ms since 1970). Before its tickets are there, so that the walk finds it. */
  async list(feed: FeedKey, until: number): Promise<void> {
    await this.client.zadd(this.keys.feeds, 'GT', Math.round(until), feed);
  }

  /** Has a feed visited at `at` (ms since 1970) or earlier. */
  async bringForward(feed: FeedKey, at: number): Promise<void> {
    await this.client.zadd(this.keys.visits, 'LT', Math.round(at), feed);
  }

  /** Takes feeds that are to be visited by now (ms since 1970): {@link CLAIM_FEEDS} at most, none if there are none. */
  async claim(now: number): Promise<Claim> {
    const putOffTo = Math.round(now) + CLAIM_MS;
    const args = { now: Math.round(now), putOffTo, most: CLAIM_FEEDS };
    const answer = await this.scripts.run('claim-visits', [this.keys.visits], args);
    const [feeds, thorough] = answer as readonly [FeedKey[], FeedKey[]];
    return { feeds, thorough: new Set(thorough), putOffTo };
  }

  /** Says when claimed feeds are visited next. Those that are left out are visited when the claim ends. @param now ms since 1970 */
  async settle({ putOffTo }: Claim, visits: readonly NextVisit[], now: number): Promise<void> {
    const empty = visits.filter(([, at]) => at === null).map(([feed]) => feed);
    const forgotten = new Set(empty.length === 0 ? [] : await this.forget(empty, now));
    const next = visits.map(([feed, at]) => {
      const visitAt = at ?? (forgotten.has(feed) ? null : now + LISTED_MS);
      return visitAt === null ? ([feed] as const) : ([feed, Math.round(visitAt)] as const);
    });
    if (next.length > 0) {
      await this.scripts.run('settle-visits', [this.keys.visits], { putOffTo, next });
    }
  }

  /**
   * One step of the slow walk through all listed feeds: those that have no visit get one, and none is later than it may be.
   *
   * @param now ms since 1970
   */
  async walk(now: number): Promise<void> {
    const [position, found] = await this.client.zscan(this.keys.feeds, this.position, 'COUNT', WALK_FEEDS);
    this.position = position;
    const visitsAt = (at: number) => found.flatMap((feed, index) => (index % 2 === 0 ? [Math.round(at), feed] : []));
    if (found.length > 0) {
      await Promise.all([
        this.client.zadd(this.keys.visits, 'NX', ...visitsAt(now)),
        this.client.zadd(this.keys.visits, 'LT', ...visitsAt(now + VISIT_WITHIN_MS)),
      ]);
    }
  }

  /** How many feeds are visited: about as many as have sets. */
  async count(): Promise<number> {
    return this.client.zcard(this.keys.visits);
  }

  /**
   * Has all feeds visited thoroughly, at once. One worker does that for all.
   *
   * @param since ms since 1970
   * @param now ms since 1970
   * @returns whether that was done at `since` or later; else it was done before, and can be done again in some seconds
   */
  async visitAll(since: number, now: number): Promise<boolean> {
    const key = this.keys.visitsOfAll;
    if ((await this.client.set(key, Math.round(now), 'PX', VISIT_ALL_EVERY_MS, 'NX')) === null) {
      return Number(await this.client.get(key)) >= since;
    }
    let position = '0';
    do {
      const [next, found] = await this.client.zscan(this.keys.feeds, position, 'COUNT', WALK_FEEDS);
      position = next;
      const visits = found.flatMap((feed, index) => (index % 2 === 0 ? [THOROUGH_MS, feed] : []));
      if (visits.length > 0) {
        await this.client.zadd(this.keys.visits, 'LT', ...visits);
      }
    } while (position !== '0');
    return true;
  }

  private async forget(feeds: readonly FeedKey[], now: number): Promise<FeedKey[]> {
    const args = { before: Math.round(now) - LISTED_MS, feeds };
    return (await this.scripts.run('forget-feeds', [this.keys.feeds], args)) as FeedKey[];
  }
}
