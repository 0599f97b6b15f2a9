import { randomUUID } from 'node:crypto';

import { BoundedMap, setName, type Clock, type FeedKey } from '#core';

import { POLL_QUEUE } from './bull-poll-queue.js';
import type { RedisClient } from './connection.js';
import type { Keys } from './keys.js';

/** Ages that are counted apart, s: sets whose last answer is no older. */
export const AGE_BOUNDS_S = [1, 2, 5, 10, 30, 60, 300] as const;

/** The whole deployment, as one process saw it. */
export interface Overview {
  /** ms since 1970. */
  readonly at: number;
  /** Feeds that have sets. */
  readonly feeds: number;
  readonly sets: number;
  /** Tickets that are wanted. */
  readonly tickets: number;
  readonly quarantined: number;
  /** Since the last answer for the set that waits longest, ms; 0 without sets. */
  readonly stalestSetMs: number;
  /** Since the last answer for any set of the feed that waits longest, ms. */
  readonly stalestFeedMs: number;
  /** Sets by the age of their last answer: one number per bound of {@link AGE_BOUNDS_S}, and one for older ones. */
  readonly ages: readonly number[];
  /** Requests that one interval takes at least: for each feed its tickets by the largest set, rounded up. */
  readonly floor: number;
  /** Jobs of the poll queue. */
  readonly jobs: { readonly waiting: number; readonly active: number; readonly delayed: number };
}

/** Time between two looks, ms. */
const LOOK_MS = 2000;
/** A look takes at most this share of the time of the process that looks: with many sets looks become rarer. */
const SHARE = 0.02;
const LOOK_MAX_MS = 60_000;
/** The process that looks goes on for as long as it renews its claim within this many looks. */
const CLAIM_LOOKS = 3;
const KEPT_MS = 300_000;
/** Feeds, and sets of a feed, that are asked for at once. */
const FEEDS_AT_ONCE = 50;
const SETS_AT_ONCE = 500;
const UNANSWERED_MAX = 20_000;

export interface OverviewWatchParts {
  readonly client: RedisClient;
  readonly keys: Keys;
  readonly clock: Clock;
  /** `UPSTREAM_MAX_CASE_IDS` */
  readonly maxCaseIds: number;
  readonly onError: (error: unknown) => void;
}

/**
 * Looks at all feeds and sets every two seconds. One process of the deployment looks, a gateway or a worker, and tells the
 * others by a key; if it ends, another one does. So gateways know how old the answers are while no worker lives.
 */
export class OverviewWatch {
  private readonly id = randomUUID();
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private pauseMs = LOOK_MS;
  /** When sets without any answer were first seen, by name. */
  private readonly unanswered = new BoundedMap<string, number>(UNANSWERED_MAX);

  constructor(private readonly parts: OverviewWatchParts) {}

  /** @param report called after each look of any process */
  watch(report: (overview: Overview) => void): void {
    this.current()
      .then((overview) => overview && report(overview))
      .catch((error: unknown) => {
        // The connection may be closed in the middle of the last look.
        if (!this.stopped) this.parts.onError(error);
      })
      .finally(() => {
        if (!this.stopped) {
          this.timer = setTimeout(() => this.watch(report), this.pauseMs);
          this.timer.unref();
        }
      });
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private async current(): Promise<Overview | null> {
    const { client, keys } = this.parts;
    if (!(await this.isClaimed())) {
      this.pauseMs = LOOK_MS;
      const text = await client.get(keys.overview);
      return text === null ? null : (JSON.parse(text) as Overview);
    }
    const began = performance.now();
    const overview = await this.look();
    this.pauseMs = Math.min(LOOK_MAX_MS, Math.max(LOOK_MS, (performance.now() - began) / SHARE));
    await client.set(keys.overview, JSON.stringify(overview), 'PX', KEPT_MS);
    await client.set(keys.overviewClaim, this.id, 'PX', Math.round(this.pauseMs * CLAIM_LOOKS));
    return overview;
  }

  private async isClaimed(): Promise<boolean> {
    const { client, keys } = this.parts;
    const taken = await client.set(keys.overviewClaim, this.id, 'PX', LOOK_MAX_MS, 'NX');
    return taken !== null || (await client.get(keys.overviewClaim)) === this.id;
  }

  private async look(): Promise<Overview> {
    const { client, keys, clock, maxCaseIds } = this.parts;
    const names = (await client.zrange(keys.feeds, '0', '-1')) as FeedKey[];
    const sum = { feeds: 0, sets: 0, tickets: 0, quarantined: 0, stalestSetMs: 0, stalestFeedMs: 0, floor: 0 };
    const ages = [...AGE_BOUNDS_S, Number.POSITIVE_INFINITY].map(() => 0);
    for (let at = 0; at < names.length && !this.stopped; at += FEEDS_AT_ONCE) {
      const feeds = await Promise.all(names.slice(at, at + FEEDS_AT_ONCE).map((feed) => this.lookAt(feed)));
      for (const { tickets, quarantined, setAges } of feeds.filter((feed) => feed.setAges.length > 0)) {
        sum.feeds += 1;
        sum.sets += setAges.length;
        sum.tickets += tickets;
        sum.quarantined += quarantined;
        sum.floor += Math.ceil(Math.max(0, tickets - quarantined) / maxCaseIds);
        sum.stalestSetMs = setAges.reduce((most, age) => Math.max(most, age), sum.stalestSetMs);
        sum.stalestFeedMs = Math.max(
          sum.stalestFeedMs,
          setAges.reduce((least, age) => Math.min(least, age)),
        );
        setAges.forEach((age) => (ages[bucketOf(age)] = (ages[bucketOf(age)] ?? 0) + 1));
      }
    }
    const queue = `${keys.queuePrefix}:${POLL_QUEUE}`;
    const [waiting, paused, active, delayed] = await Promise.all([
      client.llen(`${queue}:wait`),
      client.llen(`${queue}:paused`),
      client.llen(`${queue}:active`),
      client.zcard(`${queue}:delayed`),
    ]);
    return { at: clock.now(), ...sum, ages, jobs: { waiting: waiting + paused, active, delayed } };
  }

  private async lookAt(feed: FeedKey) {
    const { client, keys, clock } = this.parts;
    const base = keys.base(feed);
    const [ids, tickets, quarantined] = await Promise.all([
      client.zrange(keys.due(feed), '0', '-1'),
      client.zcard(`${base}interest`),
      client.zcard(`${base}apart`),
    ]);
    const setAges: number[] = [];
    for (let at = 0; at < ids.length; at += SETS_AT_ONCE) {
      const part = ids.slice(at, at + SETS_AT_ONCE);
      const answered = await Promise.all(part.map((id) => client.hget(`${base}set:${id}`, 'answered')));
      const now = clock.now();
      part.forEach((id, index) => {
        const time = answered[index] ?? this.firstSeen(setName({ feed, id: Number(id) }), now);
        setAges.push(Math.max(0, now - Number(time)));
      });
    }
    return { tickets, quarantined, setAges };
  }

  /** A set without an answer is as old as this process knows it. */
  private firstSeen(name: string, now: number): number {
    const at = this.unanswered.get(name) ?? now;
    if (at === now) {
      this.unanswered.set(name, now);
    }
    return at;
  }
}

function bucketOf(ageMs: number): number {
  const at = AGE_BOUNDS_S.findIndex((bound) => ageMs <= bound * 1000);
  return at < 0 ? AGE_BOUNDS_S.length : at;
}
