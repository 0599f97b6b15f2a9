import type { Clock, DueSet, InterestRegistry } from '#core';
import type { PrometheusPollTelemetry } from '#ops';
import {
  CLAIM_FEEDS,
  JOB_LATE_MS,
  VISIT_WITHIN_MS,
  type Claim,
  type FeedLook,
  type FeedNeeds,
  type FeedVisits,
  type Look,
  type LostJobs,
  type NextVisit,
} from '#redis';

import { Lateness } from './lateness.js';
import type { QueueWatch } from './queue-watch.js';

export interface ReconcilerParts {
  readonly visits: Pick<FeedVisits, 'claim' | 'settle' | 'walk'>;
  readonly look: Pick<FeedLook, 'atAll' | 'setsOf'>;
  readonly registry: Pick<InterestRegistry, 'sweep' | 'overdue'>;
  readonly watch: Pick<QueueWatch, 'look'>;
  readonly jobs: Pick<LostJobs, 'makeAgain'>;
  readonly clock: Clock;
  readonly telemetry: Pick<PrometheusPollTelemetry, 'stalest'>;
  /** Called after a round that has made lost jobs again, with their number. */
  readonly onLostJobs: (jobs: number) => void;
  readonly onError: (error: unknown) => void;
}

/** Time between two rounds, ms. */
const ROUND_MS = 1000;

/** Claims in one round. The next round goes on from there; polls go on meanwhile. */
const ROUND_CLAIMS = 40;

/** A feed that was swept is visited again after this long, ms: a sweep changes no set that a worker polls. */
const AFTER_SWEEP_MS = 1000;

/**
 * A feed whose set is late is visited again after the time for which it is late, within these bounds, ms. While workers
 * cannot keep up, all feeds are late, and looking for lost jobs must not cost more than polling.
 */
const LATE_AGAIN_MS = { least: 2000, most: 10_000 } as const;

/** What a visit of a feed found. */
interface Visited {
  readonly next: NextVisit;
  /** Sets that may have lost their jobs. */
  readonly suspects: readonly DueSet[];
}

/**
 * Brings sets and jobs in line with the interest leases and due times in Redis: visits each feed when one of its leases ends or
 * one of its sets is late, sweeps it, and makes missing jobs again. Where many jobs are missing, it visits all feeds. Every
 * worker runs one, and they share the visits.
 */
export class Reconciler {
  private timer: NodeJS.Timeout | undefined;
  private round: Promise<void> = Promise.resolve();
  private stopped = false;
  private readonly lateness = new Lateness();
  /** Jobs that this round has made again. */
  private madeAgain = 0;

  constructor(private readonly parts: ReconcilerParts) {}

  start(): void {
    this.round = this.reconcile()
      .catch(this.parts.onError)
      .then(() => this.pause());
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.round;
  }

  private pause(): void {
    if (!this.stopped) {
      // Random, so that the rounds of several workers do not coincide.
      this.timer = setTimeout(() => this.start(), ROUND_MS * (0.75 + Math.random() / 2));
    }
  }

  private async reconcile(): Promise<void> {
    const { visits, clock, telemetry, watch, onError } = this.parts;
    await visits.walk(clock.now());
    await watch.look().catch(onError); // On a cluster the queue may be out of reach, and the feeds are not.
    for (let claims = 0; claims < ROUND_CLAIMS && (await this.visitClaimed()) && !this.stopped; claims += 1) {
      // Each claim is bounded. Polls go on between two of them.
    }
    this.tellLostJobs();
    telemetry.stalest(this.lateness.worst(clock.now()));
  }

  /** Visits as many feeds as one claim gives. @returns whether there may be more */
  private async visitClaimed(): Promise<boolean> {
    const { visits, jobs, clock } = this.parts;
    const claim = await visits.claim(clock.now());
    const visited = await this.visitAll(claim);
    const suspects = visited.flatMap((visit) => visit.suspects);
    this.madeAgain += suspects.length === 0 ? 0 : await jobs.makeAgain(suspects, clock.now());
    const next = visited.map((visit) => visit.next);
    await visits.settle(claim, next, clock.now());
    return claim.feeds.length === CLAIM_FEEDS;
  }

  /** A feed that could not be visited is left out: it is visited again when the claim ends. */
  private async visitAll({ feeds, thorough }: Claim): Promise<Visited[]> {
    const looks = await this.parts.look.atAll(feeds);
    const outcomes = await Promise.allSettled(looks.map((look) => this.visit(look, thorough.has(look[0]))));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) {
      this.parts.onError(failed.reason);
    }
    return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  }

  private async visit([feed, found]: Look, isThorough: boolean): Promise<Visited> {
    if ('error' in found) {
      throw found.error;
    }
    const { registry, clock, look } = this.parts;
    const { needs } = found;
    const now = clock.now();
    this.lateness.saw(feed, needs.dueAt, now);
    if (isToSweep(needs, now)) {
      while ((await registry.sweep(feed, clock.now())) > 0) {
        // Each call is bounded. Repeat until nothing is left to do.
      }
    }
    const isLate = needs.dueAt !== null && needs.dueAt <= now - JOB_LATE_MS;
    const late = isLate && !isThorough ? await registry.overdue(feed, now - JOB_LATE_MS) : [];
    const suspects = isThorough ? await look.setsOf(feed) : late.map((ref) => ({ ref, at: now - JOB_LATE_MS }));
    return { next: [feed, nextVisit(needs, now)], suspects };
  }

  private tellLostJobs(): void {
    if (this.madeAgain > 0) {
      this.parts.onLostJobs(this.madeAgain);
      this.madeAgain = 0;
    }
  }
}

function isToSweep({ leaseEndsAt, retryAt, isDamaged, hasUntoldLosses, isThin }: FeedNeeds, now: number): boolean {
  const isOver = (time: number | null) => time !== null && time <= now;
  return isOver(leaseEndsAt) || isOver(retryAt) || isDamaged || hasUntoldLosses || isThin;
}

/** @returns ms since 1970; null if nothing is left of the feed */
function nextVisit({ dueAt, leaseEndsAt, retryAt, isDamaged, isThin }: FeedNeeds, now: number): number | null {
  const ends = [leaseEndsAt, retryAt].filter((time) => time !== null);
  if (dueAt === null && ends.length === 0 && !isDamaged) {
    return null;
  }
  const lateFor = dueAt === null ? 0 : now - dueAt;
  const lateAgain = Math.min(Math.max(lateFor, LATE_AGAIN_MS.least), LATE_AGAIN_MS.most);
  const isLate = lateFor >= JOB_LATE_MS;
  const times = [
    ...(dueAt === null ? [] : [isLate ? now + lateAgain : dueAt + JOB_LATE_MS]),
    // Where an end has passed, the feed was swept now.
    ...ends.map((time) => Math.max(time, now + AFTER_SWEEP_MS)),
    ...(isDamaged || isThin ? [now + AFTER_SWEEP_MS] : []),
    now + VISIT_WITHIN_MS,
  ];
  return Math.min(...times);
}
