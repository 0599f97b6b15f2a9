import { Cluster } from 'ioredis';

import type { DueSet, FeedKey } from '#core';

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

/** What a look found: needs, or why it failed. */
export type Look = readonly [feed: FeedKey, found: { readonly needs: FeedNeeds } | { readonly error: unknown }];

/** Feeds that one call of the script looks at: for a feed with one set it takes 20 us of Redis. */
const CALL_FEEDS = 25;

/** Looks at feeds with look.lua. */
export class FeedLook {
  private readonly scripts: Scripts<'look'>;
  /** The feeds of a cluster are in different slots, and a script has one. */
  private readonly callFeeds: number;

  constructor(
    private readonly client: RedisClient,
    private readonly keys: Keys,
    settings: Pick<ScriptSettings, 'upstreamMaxCaseIds'>,
  ) {
    this.scripts = new Scripts(client, ['look'], settings);
    this.callFeeds = client instanceof Cluster ? 1 : CALL_FEEDS;
  }

  /** @throws if Redis is out of reach */
  async at(feed: FeedKey): Promise<FeedNeeds> {
    const [needs] = await this.call([feed]);
    return needs as FeedNeeds;
  }

  /** Looks at many feeds. A feed whose keys are broken harms no other one. */
  async atAll(feeds: readonly FeedKey[]): Promise<Look[]> {
    const calls: Promise<Look[]>[] = [];
    for (let start = 0; start < feeds.length; start += this.callFeeds) {
      calls.push(this.each(feeds.slice(start, start + this.callFeeds)));
    }
    return (await Promise.all(calls)).flat();
  }

  /** All sets of a feed. @throws if Redis is out of reach */
  async setsOf(feed: FeedKey): Promise<DueSet[]> {
    const found = await this.client.zrange(this.keys.due(feed), '0', '-1', 'WITHSCORES');
    const sets: DueSet[] = [];
    for (let index = 0; index < found.length; index += 2) {
      sets.push({ ref: { feed, id: Number(found[index]) }, at: Number(found[index + 1]) });
    }
    return sets;
  }

  private async each(feeds: readonly FeedKey[]): Promise<Look[]> {
    try {
      const found = await this.call(feeds);
      return feeds.map((feed, index): Look => [feed, { needs: found[index] as FeedNeeds }]);
    } catch (error) {
      // A refusal may be about the keys of one feed. Without an answer the others would wait for one, too.
      const isRefused = error instanceof Error && error.name === 'ReplyError';
      return isRefused && feeds.length > 1
        ? (await Promise.all(feeds.map((feed) => this.each([feed])))).flat()
        : feeds.map((feed): Look => [feed, { error }]);
    }
  }

  private async call(feeds: readonly FeedKey[]): Promise<FeedNeeds[]> {
    const keys = feeds.flatMap((feed) => this.keys.ofScripts(feed).look);
    const answers = await this.scripts.run('look', keys, { bases: feeds.map((feed) => this.keys.base(feed)) });
    return (answers as (string | number)[][]).map(needsOf);
  }
}

function needsOf([due, ends, retry, damaged, untold, thin]: readonly (string | number)[]): FeedNeeds {
  return {
    dueAt: time(due),
    leaseEndsAt: time(ends),
    retryAt: time(retry),
    isDamaged: damaged === 1,
    hasUntoldLosses: untold === 1,
    isThin: thin === 1,
  };
}

function time(text: string | number | undefined): number | null {
  return text === '' || text === undefined ? null : Number(text);
}
