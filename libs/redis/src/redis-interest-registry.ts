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
import { FeedAudit } from './feed-audit.js';
import { FeedVisits, JOB_LATE_MS } from './feed-visits.js';
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

/** Times that a script is run on a feed whose keys are lost meanwhile. */
const ATTEMPTS = 3;

/** Interest leases and ticket sets: want.lua, hint.lua, sweep.lua, pack.lua and audit.lua. */
export class RedisInterestRegistry implements InterestRegistry {
  private readonly scripts: Scripts<'want' | 'hint' | 'sweep'>;
  private readonly wake: WakeChannel;
  private readonly packer: SetPacker;
  private readonly audit: FeedAudit;
  private readonly visits: FeedVisits;

  constructor(
    private readonly client: RedisClient,
    private readonly keys: Keys,
    bounds: InterestBounds,
    /** Called with a feed of which keys were lost and made again, and how often. */
    private readonly onKeysLost: (feed: FeedKey, times: number) => void = () => undefined,
  ) {
    this.scripts = new Scripts(client, ['want', 'hint', 'sweep'], bounds);
    this.wake = new WakeChannel(client, keys);
    this.packer = new SetPacker(client, keys, bounds);
    this.audit = new FeedAudit(client, keys, bounds);
    this.visits = new FeedVisits(client, keys);
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
    const listed = this.visits.list(feed, until);
    if (reason === 'arrival') {
      await listed; // Before the tickets are there. The feed of a renewal is listed, unless its place in the list was lost.
    }
    const args = {
      base: this.keys.base(feed),
      now: Math.round(now),
      wantedUntil: Math.round(until),
      newEpoch: newEpoch(now, Math.random()),
      isArrival: reason === 'arrival',
      tickets: caseIds,
    };
    const wanted = this.onWholeFeed(feed, now, () =>
      this.scripts.discover('want', this.keys.ofScripts(feed).want, args),
    );
    const [due] = await Promise.all([wanted, listed]);
    if (due.length > 0) {
      await this.visits.bringForward(feed, now + JOB_LATE_MS); // The caller may end before it wakes the sets.
    }
    return due;
  }

  async hint(feed: FeedKey, caseIds: readonly CaseId[], now: number): Promise<DueSet[]> {
    const args = { base: this.keys.base(feed), now: Math.round(now), tickets: caseIds };
    return this.onWholeFeed(feed, now, () => this.scripts.discover('hint', this.keys.ofScripts(feed).hint, args));
  }

  async sweep(feed: FeedKey, now: number): Promise<number> {
    await this.audit.run(feed, now);
    const args = { base: this.keys.base(feed), now: Math.round(now), most: CALL_MAX };
    const answer = await this.scripts.discover('sweep', this.keys.ofScripts(feed).sweep, args);
    const [left, losses, ...changed] = answer;
    if (Number(losses) > 0) {
      this.onKeysLost(feed, Number(losses));
    }
    await this.wake.tell(changed.map((id) => ({ feed, id: Number(id) })));
    await this.packer.pack(feed, now);
    return Number(left);
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

  async answeredAt(feed: FeedKey, caseIds: readonly CaseId[]): Promise<(number | null)[]> {
    const base = this.keys.base(feed);
    const places = await this.client.hmget(`${base}place`, ...caseIds);
    const ids = [...new Set(places)].filter((id) => id !== null);
    const answered = await Promise.all(ids.map((id) => this.client.hget(`${base}set:${id}`, 'answered')));
    const times = new Map(ids.map((id, at) => [id, answered[at] ? Number(answered[at]) : null]));
    return places.map((id) => (id === null ? null : (times.get(id) ?? null)));
  }

  async statuses(feed: FeedKey, caseIds: readonly CaseId[]): Promise<(number | null)[]> {
    const base = this.keys.base(feed);
    const found = await Promise.all(caseIds.map((caseId) => this.client.hget(`${base}ticket:${caseId}`, 'status')));
    return found.map((status) => (status === null ? null : Number(status)));
  }

  async unknown(feed: FeedKey, caseIds: readonly CaseId[]): Promise<CaseId[]> {
    const base = this.keys.base(feed);
    const last = await Promise.all(caseIds.map((caseId) => this.client.hget(`${base}ticket:${caseId}`, 'last')));
    return caseIds.filter((_, at) => Number(last[at] ?? 0) === 0);
  }

  async earliestDue(feed: FeedKey): Promise<number | null> {
    const [, due] = await this.client.zrange(this.keys.due(feed), '0', '0', 'WITHSCORES');
    return due === undefined ? null : Number(due);
  }

  /** Runs a script that answers due sets, or that keys which it needs are lost: then again after an audit. */
  private async onWholeFeed(
    feed: FeedKey,
    now: number,
    run: () => Promise<readonly (string | number)[]>,
  ): Promise<DueSet[]> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const answer = await run();
      if (answer[0] !== 'lost') {
        return dueSets(feed, answer);
      }
      await this.audit.run(feed, now);
    }
    throw new Error(`keys of the feed ${feed} are lost in Redis, and an audit did not make them again`);
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
