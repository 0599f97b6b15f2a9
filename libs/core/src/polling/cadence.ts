import type { FeedKey } from '../model/feed.js';
import type { SetRef } from '../model/set-ref.js';

/** Pace of polls, all in milliseconds. */
export interface Pace {
  /** `POLL_INTERVAL_MS`: interval of an active set. */
  readonly intervalMs: number;
  /** `POLL_INTERVAL_MAX_MS`: longest interval of an idle set. */
  readonly intervalMaxMs: number;
}

/** A set that was idle for this many full-pace intervals begins to slow down. */
const GRACE_INTERVALS = 30;
/** After the grace the interval grows by a tenth of the time for which the set is idle. */
const IDLE_SHARE = 0.1;

/** Interval of a set that has been idle for `idleMs`, ms. It grows smoothly from full pace to the slowest pace. */
export function intervalFor(idleMs: number, pace: Pace): number {
  const beyondGrace = idleMs - GRACE_INTERVALS * pace.intervalMs;
  const wanted = pace.intervalMs + Math.max(0, beyondGrace) * IDLE_SHARE;
  return Math.round(Math.min(wanted, Math.max(pace.intervalMs, pace.intervalMaxMs)));
}

/** The fraction of the golden ratio. Its multiples spread any number of sets evenly (low discrepancy). */
const GOLDEN = 0.6180339887498949;

/** Where a feed begins in the interval, in [0, 1). The numbers of its sets begin at 1 in every feed, so feeds must differ. */
function phaseOfFeed(feed: FeedKey): number {
  let hash = 0x811c9dc5; // FNV-1a, then the last steps of MurmurHash3: keys that differ in one digit are far apart.
  for (let at = 0; at < feed.length; at += 1) {
    hash = Math.imul(hash ^ feed.charCodeAt(at), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/**
 * When a set is next due, ms since 1970: the next tick of its own phase after `now`. Missed ticks are skipped. The sets of a
 * feed never fire together (invariant 1), and neither do the feeds.
 */
export function nextDue({ feed, id }: SetRef, now: number, intervalMs: number): number {
  const phase = ((id * GOLDEN + phaseOfFeed(feed)) % 1) * intervalMs;
  return Math.ceil((Math.floor((now - phase) / intervalMs) + 1) * intervalMs + phase);
}

/**
 * When a set is next due whose last poll was not on its phase: its first poll, or a poll at another pace. It is between half
 * an interval and one and a half from now, so that on average the set costs one poll per interval.
 */
export function firstDue(ref: SetRef, now: number, intervalMs: number): number {
  const due = nextDue(ref, now, intervalMs);
  return due - now < intervalMs / 2 ? due + intervalMs : due;
}

/** When an idle set is next due. While its interval grows, every poll has another grid of ticks. */
export function nextIdleDue(ref: SetRef, now: number, idleMs: number, pace: Pace): number {
  const intervalMs = intervalFor(idleMs, pace);
  return (intervalMs > pace.intervalMs ? firstDue : nextDue)(ref, now, intervalMs);
}

/**
 * Largest part of a retry delay beyond one interval, ms. An upstream that works again is noticed within this and one
 * interval.
 */
const RETRY_SLACK_MS = 500;
/**
 * From this many failed polls in a row on the whole slack is added. Before that each failure doubles the part that is
 * added.
 */
const FULL_SLACK_AFTER = 4;

/**
 * How long to wait after the `failures`-th failed poll in a row, ms. It is at least one interval, because a failing
 * upstream or a firewall that blocks requests must not be asked faster than before. Up to half a second is added. Up to
 * half of that is taken off at random, so that sets that failed together are not polled together again.
 *
 * @param random a number in [0, 1)
 * @param intervalMs the pace that the set had before
 */
export function retryDelay(failures: number, random: number, intervalMs: number): number {
  const slack = RETRY_SLACK_MS * 2 ** (Math.min(failures, FULL_SLACK_AFTER) - FULL_SLACK_AFTER);
  return Math.round(intervalMs + slack * (1 - random / 2));
}
