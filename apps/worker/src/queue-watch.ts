import type { Clock } from '#core';
import type { BullPollQueue, FeedVisits } from '#redis';

export interface QueueWatchParts {
  readonly queue: Pick<BullPollQueue, 'counts' | 'isSampleWhole'>;
  readonly visits: Pick<FeedVisits, 'count' | 'visitAll'>;
  readonly clock: Clock;
}

/** Jobs are suspected to be lost if less than this part of them is left from one look to the next. */
const USUALLY_LEFT = 0.95;

/**
 * Notices that the poll queue has lost many of its jobs, and has all feeds visited, which finds them. A job ends only with its
 * set, so their number seldom falls quickly. Where it does because sets have ended, the visits find nothing lost.
 *
 * Few lost jobs are noticed when their sets are late (reconciler.ts).
 */
export class QueueWatch {
  /** Jobs at the last look that found nothing; null before the first one. */
  private usual: number | null = null;
  /** When jobs were first seen to be missing, ms since 1970; null: none seem to be. */
  private suspectedAt: number | null = null;

  constructor(private readonly parts: QueueWatchParts) {}

  /** A look takes some commands whose cost does not depend on the number of jobs. @throws if Redis is out of reach */
  async look(): Promise<void> {
    const { queue, visits, clock } = this.parts;
    const now = clock.now();
    const [{ all }, isSampleWhole] = await Promise.all([queue.counts(), queue.isSampleWhole()]);
    // Before the first look: each feed that is visited has a set, but for those that have just ended.
    this.usual ??= await visits.count();
    if (isSampleWhole && all >= this.usual * USUALLY_LEFT) {
      [this.usual, this.suspectedAt] = [all, null];
    } else if (this.suspectedAt === null) {
      // One look proves nothing: Redis may have come back empty, and gateways make sets and jobs again.
      this.suspectedAt = now;
    } else if (await visits.visitAll(this.suspectedAt, now)) {
      [this.usual, this.suspectedAt] = [all, null];
    }
  }
}
