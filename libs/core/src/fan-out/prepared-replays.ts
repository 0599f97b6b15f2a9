import type { FeedKey } from '../model/feed.js';
import type { Publication } from '../model/publication.js';
import { replayOf, replayedTickets, replaySize, type RecoverySource } from './recovery.js';
import type { PreparedReplay, ReplayBounds } from './replay.js';
import { bytesOf } from './slices-in-memory.js';
import { resumeOffset, type SubscribeRequest } from './subscription.js';

interface Kept {
  readonly publications: readonly Publication[];
  readonly bytes: number;
  /** Newest change of the tails that it was made from. */
  readonly changedAt: number;
  /** Since the last sweep. */
  isUsed: boolean;
}

/** Most replays that are kept, and most bytes of their messages and of what was asked for. */
const KEPT_MAX = 1024;
const KEPT_MAX_BYTES = 8_388_608;
const NOTHING: PreparedReplay = { publications: [], isShared: false };
/** A replay that has no more publications than this is not kept: there is nothing to sort and to join. */
const TRIVIAL_MAX = 1;

/**
 * Replays that many subscribers get: after a restart they come back to the same position for the same tickets. Each is
 * sorted and merged once, and transports join its frames once (invariant 8). One is kept until its tickets have something
 * new, and for two sweeps at most after it was last used.
 */
export class PreparedReplays {
  private readonly kept = new Map<string, Kept>();
  private bytes = 0;

  constructor(private readonly bounds: Pick<ReplayBounds, 'wholeMax' | 'wholeMaxBytes'>) {}

  /**
   * @param source its tails cover the request
   * @returns null: the replay is too large to be written whole
   */
  of(feed: FeedKey, request: SubscribeRequest, source: RecoverySource): PreparedReplay | null {
    const { count, changedAt } = replaySize(request, source);
    if (count > this.bounds.wholeMax) {
      return null;
    }
    if (count === 0) {
      return NOTHING;
    }
    if (count <= TRIVIAL_MAX) {
      return this.whole(prepareReplay(request, source));
    }
    const key = keyOf(feed, request, source);
    const found = this.kept.get(key);
    if (found !== undefined && found.changedAt >= changedAt) {
      found.isUsed = true;
      return { publications: found.publications, isShared: true };
    }
    this.drop(key);
    const made = prepareReplay(request, source);
    const whole = this.whole(made);
    if (whole !== null) {
      this.keep(key, { ...made, changedAt, isUsed: true });
    }
    return whole;
  }

  /** Called every few seconds. */
  sweep(): void {
    for (const [key, one] of this.kept) {
      if (one.isUsed) {
        one.isUsed = false;
      } else {
        this.drop(key);
      }
    }
  }

  private whole({ publications, bytes }: Pick<Kept, 'publications' | 'bytes'>): PreparedReplay | null {
    return bytes > this.bounds.wholeMaxBytes ? null : { publications, isShared: false };
  }

  private keep(key: string, made: Kept): void {
    this.kept.set(key, made);
    this.bytes += made.bytes + key.length;
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= KEPT_MAX && this.bytes <= KEPT_MAX_BYTES) {
        return;
      }
      this.drop(oldest);
    }
  }

  private drop(key: string): void {
    const found = this.kept.get(key);
    if (found !== undefined) {
      this.kept.delete(key);
      this.bytes -= found.bytes + key.length;
    }
  }
}

/** The replay of a request that tails cover, and the bytes of its messages. */
export function prepareReplay(request: SubscribeRequest, source: RecoverySource): Pick<Kept, 'publications' | 'bytes'> {
  const publications = replayedTickets(request).flatMap((caseId) => replayOf(request, caseId, source));
  publications.sort((a, b) => a.offset - b.offset);
  return { publications, bytes: publications.reduce((sum, one) => sum + bytesOf(one), 0) };
}

/** What a replay is of: two requests with one key get the same one as long as no tail changes. No id has a line feed. */
function keyOf(feed: FeedKey, { caseIds, from, history }: SubscribeRequest, { position }: RecoverySource): string {
  const after = resumeOffset(from, position);
  const begins = from.kind === 'start' ? `last ${history}` : `after ${after ?? 'all'}`;
  return `${feed}\n${begins}\n${caseIds.join('\n')}`;
}
