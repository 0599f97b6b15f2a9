import type { FeedKey } from '../model/feed.js';
import type { HistorySlice, ReplayExtent } from './ports/broker.js';
import { bytesOf } from './slices-in-memory.js';

/** A slice within its bounds, and the offset up to which it has all publications. */
export interface KeptSlice {
  readonly slice: HistorySlice;
  readonly upTo: number;
}

/** Most slices that are kept, and most bytes of their messages. The frames of two transports take twice as much. */
const KEPT_MAX = 256;
const KEPT_MAX_BYTES = 8_388_608;

/** Long replays that begin at the same place. */
interface Crowd {
  members: number;
  /** By the offset after which they begin. */
  readonly slices: Map<number, KeptSlice>;
}

/**
 * Slices that several long replays share: those of one feed that begin at the same place at about the same time. The first one
 * reads a slice, and the others get the same objects, so that frames are made once. Nothing is kept for a replay that is
 * alone, or after the last one has ended.
 */
export class SharedSlices {
  private readonly crowds = new Map<string, Crowd>();
  /** All that are kept, the oldest first, with their bytes. */
  private readonly order = new Map<
    KeptSlice,
    { readonly crowd: Crowd; readonly after: number; readonly bytes: number }
  >();
  private bytes = 0;

  /** A long replay begins. It has to {@link SliceShare.leave}. */
  join(feed: FeedKey, { epoch, floors }: Pick<ReplayExtent, 'epoch' | 'floors'>): SliceShare {
    const places = [...floors].map(([caseId, floor]) => `${caseId} ${floor}`);
    const key = [feed, epoch, ...places].join('\n');
    const crowd = this.crowds.get(key) ?? { members: 0, slices: new Map<number, KeptSlice>() };
    this.crowds.set(key, crowd);
    crowd.members += 1;
    return {
      get isCrowd() {
        return crowd.members > 1;
      },
      find: (after) => crowd.slices.get(after) ?? null,
      keep: (after, kept) => this.keep(crowd, after, kept),
      leave: () => {
        crowd.members -= 1;
        if (crowd.members === 0) {
          this.crowds.delete(key);
          crowd.slices.forEach((kept) => this.drop(kept));
        }
      },
    };
  }

  private keep(crowd: Crowd, after: number, kept: KeptSlice): void {
    if (crowd.members < 2 || crowd.slices.has(after)) {
      return;
    }
    const bytes = kept.slice.publications?.reduce((sum, publication) => sum + bytesOf(publication), 0) ?? 0;
    crowd.slices.set(after, kept);
    this.order.set(kept, { crowd, after, bytes });
    this.bytes += bytes;
    for (const oldest of this.order.keys()) {
      if (this.order.size <= KEPT_MAX && this.bytes <= KEPT_MAX_BYTES) {
        return;
      }
      this.drop(oldest);
    }
  }

  private drop(kept: KeptSlice): void {
    const place = this.order.get(kept);
    if (place !== undefined) {
      this.order.delete(kept);
      place.crowd.slices.delete(place.after);
      this.bytes -= place.bytes;
    }
  }
}

/** What one long replay has of the slices that it shares. */
export interface SliceShare {
  /** Others replay from the same place at the moment. */
  readonly isCrowd: boolean;
  /** The slice that begins after an offset; null: it has to be read. */
  find(after: number): KeptSlice | null;
  /** Keeps a slice for the others, if there are any. */
  keep(after: number, kept: KeptSlice): void;
  leave(): void;
}
