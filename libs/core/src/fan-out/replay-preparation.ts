import type { FeedDelivery } from './feed-delivery.js';
import type { FeedKey } from '../model/feed.js';
import type { FeedState } from './feed-state.js';
import type { HistoryLoader } from './history-loader.js';
import type { Broker, HistoryWant, ReplayExtent } from './ports/broker.js';
import type { PreparedReplays } from './prepared-replays.js';
import { isStale, missing, replayAtMost, type ReadBounds } from './recovery.js';
import type { PreparedReplay, Replay, ReplayBounds } from './replay.js';
import { extentInMemory } from './slices-in-memory.js';
import { resumeOffset, type ResumeFrom, type SubscribeRequest } from './subscription.js';
import type { Turns } from './turns.js';

export interface ReplayPreparationParts {
  readonly broker: Pick<Broker, 'extent'>;
  readonly state: FeedState;
  readonly delivery: FeedDelivery;
  readonly loader: HistoryLoader;
  readonly turns: Turns;
  readonly prepared: PreparedReplays;
  readonly reads: ReadBounds;
  readonly bounds: ReplayBounds;
}

/** Finds out whether a replay is long. If it is not, all of it is in memory afterwards. */
export class ReplayPreparation {
  constructor(
    private readonly feed: FeedKey,
    private readonly parts: ReplayPreparationParts,
  ) {}

  /** The rest of the replay, if it is small and all of it is in memory; null: {@link prepare} has to find out. */
  inMemory({ rest }: Replay): PreparedReplay | null {
    const { state, delivery, reads, prepared } = this.parts;
    const isInMemory = !delivery.isRepairing && missing(rest, state.source, reads, true).length === 0;
    return isInMemory ? prepared.of(this.feed, rest, state.source) : null;
  }

  /**
   * @param whole called when the rest of the replay is in memory, and small. Nothing is awaited between the look that says so
   *   and the call (invariant 7)
   * @returns null: `whole` was called, or no client waits for it; else how large the replay is
   * @throws if the store is out of reach
   */
  async prepare(replay: Replay, whole: (prepared: PreparedReplay) => void): Promise<ReplayExtent | null> {
    const { state, delivery, loader, reads } = this.parts;
    // Tails for later clients would take more memory than the long replay itself.
    const bounds = replay.hasBegun ? { ...reads, tailMax: 0 } : reads;
    let isFirst = true;
    const wants = () => missing(replay.rest, state.source, bounds, isFirst);
    while (!replay.isAbandoned) {
      replay.narrow(); // What is called in this tick, without a further look at the subscriber, is `whole`.
      if (delivery.isRepairing) {
        await delivery.repaired;
      } else if (wants().length === 0) {
        const prepared = this.parts.prepared.of(this.feed, replay.rest, state.source);
        if (prepared === null) {
          return extentInMemory(replay.rest, state.source);
        }
        whole(prepared);
        return null;
      } else if (!this.mayBeLong(replay.rest)) {
        await loader.load(wants);
        isFirst = false;
      } else if (isStale(replay.rest, state.source, isFirst)) {
        await loader.load(() => positionOnly(wants()));
        isFirst = false;
      } else {
        const extent = await this.extent(replay);
        if (extent !== null && extent.count > this.parts.bounds.wholeMax) {
          return extent;
        }
        if (extent !== null) {
          await loader.load(wants);
        }
      }
    }
    return null;
  }

  /** Whether a read of all that is wanted could be large. Tails are filled in any case, for everyone. */
  private mayBeLong(request: SubscribeRequest): boolean {
    const { state, reads, bounds } = this.parts;
    const fillsTails = request.from.kind === 'start' && request.history <= reads.tailMax;
    return !fillsTails && replayAtMost(request, state.source.position, reads) > bounds.wholeMax;
  }

  /** @returns null if the feed has begun a new epoch, or no client waits for the replay any more */
  private async extent(replay: Replay): Promise<ReplayExtent | null> {
    const { broker, state, delivery, turns } = this.parts;
    const { caseIds, from, history } = replay.rest;
    const wants = caseIds.map((caseId) => ({ caseId, count: from.kind === 'start' ? history : null }));
    const parts: ReplayExtent[] = [];
    for (let known = 0; known < wants.length;) {
      const asked = wants.slice(known);
      const part = await turns.run(async () => (replay.isAbandoned ? null : broker.extent(this.feed, asked)));
      if (part === null) {
        return null;
      }
      if (state.hasOtherEpoch(part.epoch) || (parts[0] ?? part).epoch !== part.epoch) {
        delivery.repair();
        return null;
      }
      parts.push(part);
      known += part.floors.size;
    }
    const [first] = parts;
    const floors = new Map(parts.flatMap((part) => [...part.floors]));
    const count = parts.reduce((sum, part) => sum + part.count, 0);
    return first === undefined ? null : beginningAt(from, { ...first, floors, count });
  }
}

/** A position that is known is where a replay begins, whatever is kept. */
function beginningAt(from: ResumeFrom, extent: ReplayExtent): ReplayExtent {
  const after = resumeOffset(from, extent);
  if (after === null) {
    return extent;
  }
  const floors = new Map([...extent.floors.keys()].map((caseId) => [caseId, after]));
  return { ...extent, floors };
}

/** Reads where the feed is, and whether a client's position belongs to it, and no publications. */
function positionOnly(wants: readonly HistoryWant[]): HistoryWant[] {
  return wants.map((want) => ({ ...want, atLeast: 0, after: null }));
}
