import type { FeedKey } from '../model/feed.js';
import type { FeedState } from './feed-state.js';
import type { Broker, ReplayExtent, SliceWant } from './ports/broker.js';
import type { Replay, ReplayBounds } from './replay.js';
import { partsOf } from './slice-parts.js';
import { bytesOf, sliceInMemory } from './slices-in-memory.js';
import type { KeptSlice, SharedSlices, SliceShare } from './shared-slices.js';
import { SliceWindow } from './slice-window.js';
import type { Notice, Subscriber } from './subscription.js';
import type { StreamPosition } from '../model/stream-position.js';
import type { Turns } from './turns.js';

export interface LongReplayParts {
  readonly broker: Pick<Broker, 'slice'>;
  readonly state: FeedState;
  /** One read at a time in a gateway, so that many long replays leave Redis time for everything else. */
  readonly turns: Turns;
  /** Those that come back together to the same position read each slice once. */
  readonly shared: SharedSlices;
  readonly bounds: ReplayBounds;
}

/** How far a long replay is. */
interface Progress {
  /** The subscriber has everything up to this offset. */
  after: number;
  /** Offset of the feed, as far as it is known. */
  present: number;
  /** The position of the client means nothing, and it was not told so yet. */
  isUnknown: boolean;
  hasBegun: boolean;
  readonly window: SliceWindow;
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
    const { offset: end, floors } = extent;
    const { bounds } = this.parts;
    const begins = [...floors.values()].reduce((least, floor) => Math.min(least, floor), end);
    const progress: Progress = {
      ...{ after: begins, present: end, isUnknown: replay.isUnknown(extent), hasBegun: false },
      window: new SliceWindow(end - begins, extent.count, bounds),
    };
    const isDone = () => {
      const isSmall = progress.present - progress.after <= bounds.wholeMax;
      // What is small is read once for the whole crowd: its members end at different offsets.
      return isSmall && (progress.after >= end || (progress.hasBegun && share.isCrowd));
    };
    // No variable of this function has a slice. It would be in memory until the next one is read.
    while (!isDone() && (await this.runSlice(replay, extent, progress, subscriber, share)));
  }

  /** @returns false: no client waits for the replay any more, or the feed has begun a new epoch */
  private async runSlice(
    replay: Replay,
    { epoch, floors }: ReplayExtent,
    progress: Progress,
    subscriber: Subscriber,
    share: SliceShare,
  ): Promise<boolean> {
    const { source } = this.parts.state;
    const { after, window, isUnknown } = progress;
    const part = { floors, after, upTo: Math.min(after + window.width, progress.present) };
    const found = await this.read(replay, { epoch, offset: progress.present }, part, share);
    if (found === null || found.slice.epoch !== epoch || replay.isAbandoned) {
      return false;
    }
    const { offset, publications, lost } = found.slice;
    progress.present = Math.max(progress.present, offset);
    if (publications === null) {
      window.shrink();
      return true;
    }
    window.fit(
      publications.length,
      publications.reduce((sum, publication) => sum + bytesOf(publication), 0),
    );
    const between = { after: { epoch, offset: after }, before: { epoch, offset: progress.present + 1 } };
    const unknown = isUnknown ? replay.news(replay.rest.caseIds, null, source) : [];
    const notices = [...unknown, ...replay.news(lost, between, source)];
    progress.isUnknown = false;
    progress.hasBegun = true;
    progress.after = found.upTo;
    replay.reached({ epoch, offset: found.upTo }, publications);
    await write(found, notices, subscriber);
    return true;
  }

  /** @returns null if no client waits for it any more */
  private read(
    replay: Replay,
    known: StreamPosition,
    part: Pick<SliceWant, 'floors' | 'after' | 'upTo'>,
    share: SliceShare,
  ): Promise<KeptSlice | null> {
    const { broker, state, turns, bounds } = this.parts;
    const want = { ...part, maxEvents: bounds.sliceMax, maxBytes: bounds.sliceMaxBytes };
    return turns.run(async () => {
      if (replay.isAbandoned) {
        return null;
      }
      const { after, upTo } = part;
      const kept = share.find(after);
      if (kept !== null) {
        return kept;
      }
      const inMemory = state.hasOtherEpoch(known.epoch) ? null : sliceInMemory(want, state.source);
      const slice = inMemory ?? (await broker.slice(this.feed, want, known));
      const sharing = inMemory !== null ? 'publications' : share.isCrowd ? 'part' : 'none';
      const read = { slice, parts: partsOf(slice.publications ?? []), upTo, sharing } as const;
      if (slice.publications !== null && slice.epoch === known.epoch) {
        share.keep(after, read);
      }
      return read;
    });
  }
}

async function write(
  { parts, sharing }: KeptSlice,
  notices: readonly Notice[],
  subscriber: Pick<Subscriber, 'replay'>,
): Promise<void> {
  const [first = [], ...others] = parts;
  if (first.length > 0 || notices.length > 0) {
    await subscriber.replay({ notices, publications: first, sharing });
  }
  for (const publications of others) {
    await subscriber.replay({ notices: [], publications, sharing });
  }
}
