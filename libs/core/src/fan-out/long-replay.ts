import type { FeedKey } from '../model/feed.js';
import type { FeedState } from './feed-state.js';
import type { Broker, HistorySlice, ReplayExtent, SliceWant } from './ports/broker.js';
import type { Replay, ReplayBounds } from './replay.js';
import { bytesOf, sliceInMemory } from './slices-in-memory.js';
import type { KeptSlice, SharedSlices, SliceShare } from './shared-slices.js';
import { SliceWindow } from './slice-window.js';
import type { ReplaySlice, Subscriber } from './subscription.js';
import type { StreamPosition } from '../model/stream-position.js';
import type { Turns } from './turns.js';

type SliceRead = HistorySlice & Pick<ReplaySlice, 'isShared'> & Pick<KeptSlice, 'upTo'>;

export interface LongReplayParts {
  readonly broker: Pick<Broker, 'slice'>;
  readonly state: FeedState;
  /** One read at a time in a gateway, so that many long replays leave Redis time for everything else. */
  readonly turns: Turns;
  /** Those that come back together to the same position read each slice once. */
  readonly shared: SharedSlices;
  readonly bounds: ReplayBounds;
}

/**
 * Gives subscribers replays that are too large for one tick, slice by slice, in the order of the feed. A slice is what is
 * between two offsets, so a client whose connection ends between two slices can resume from the last event that it has.
 */
export class LongReplay {
  constructor(
    private readonly feed: FeedKey,
    private readonly parts: LongReplayParts,
  ) {}

  /**
   * Resolves when what is left is small (`replay.rest`), when the feed has begun a new epoch, or when no client waits for it.
   *
   * @throws if the store is out of reach
   */
  async run(replay: Replay, extent: ReplayExtent, subscriber: Subscriber): Promise<void> {
    const share = this.parts.shared.join(this.feed, extent);
    try {
      await this.runSlices(replay, extent, subscriber, share);
    } finally {
      share.leave();
    }
  }

  private async runSlices(
    replay: Replay,
    extent: ReplayExtent,
    subscriber: Subscriber,
    share: SliceShare,
  ): Promise<void> {
    const { epoch, offset: end, floors } = extent;
    const { state, bounds } = this.parts;
    let after = [...floors.values()].reduce((least, floor) => Math.min(least, floor), end);
    let present = end;
    let isUnknown = replay.isUnknown(extent);
    let hasBegun = false;
    const window = new SliceWindow(end - after, extent.count, bounds);
    const isDone = () => {
      const isSmall = present - after <= bounds.wholeMax;
      // What is small is read once for the whole crowd: its members end at different offsets.
      return isSmall && (after >= end || (hasBegun && share.isCrowd));
    };
    while (!isDone()) {
      const part = { floors, after, upTo: Math.min(after + window.width, present) };
      const slice = await this.read(replay, { epoch, offset: present }, part, share);
      if (slice === null || slice.epoch !== epoch || replay.isAbandoned) {
        return;
      }
      present = Math.max(present, slice.offset);
      const { publications, lost } = slice;
      if (publications === null) {
        window.shrink();
        continue;
      }
      window.fit(
        publications.length,
        publications.reduce((sum, publication) => sum + bytesOf(publication), 0),
      );
      const notices = [
        ...(isUnknown ? replay.news(replay.rest.caseIds, null, state.source) : []),
        ...replay.news(lost, { after: { epoch, offset: after }, before: { epoch, offset: present + 1 } }, state.source),
      ];
      isUnknown = false;
      hasBegun = true;
      after = slice.upTo;
      replay.reached({ epoch, offset: after }, publications);
      if (publications.length > 0 || notices.length > 0) {
        await subscriber.replay({ notices, publications, isShared: slice.isShared });
      }
    }
  }

  /** @returns null if no client waits for it any more */
  private read(
    replay: Replay,
    known: StreamPosition,
    part: Pick<SliceWant, 'floors' | 'after' | 'upTo'>,
    share: SliceShare,
  ): Promise<SliceRead | null> {
    const { broker, state, turns, bounds } = this.parts;
    const want = { ...part, maxEvents: bounds.sliceMax, maxBytes: bounds.sliceMaxBytes };
    return turns.run(async () => {
      if (replay.isAbandoned) {
        return null;
      }
      const { after, upTo } = part;
      const kept = share.find(after);
      if (kept !== null) {
        return { ...kept.slice, upTo: kept.upTo, isShared: true };
      }
      const inMemory = state.hasOtherEpoch(known.epoch) ? null : sliceInMemory(want, state.source);
      if (inMemory !== null) {
        return { ...inMemory, upTo, isShared: true };
      }
      const slice = await broker.slice(this.feed, want, known);
      if (slice.publications !== null && slice.epoch === known.epoch) {
        share.keep(after, { slice, upTo });
      }
      return { ...slice, upTo, isShared: false };
    });
  }
}
