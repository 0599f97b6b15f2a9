import type { FeedKey } from '../model/feed.js';
import type { Publication } from '../model/publication.js';
import type { HistorySlice, ReplayExtent } from './ports/broker.js';
import { bytesOf } from './slices-in-memory.js';
import type { Sharing } from './subscription.js';

/** A slice within its bounds, and the offset up to which it has all publications. */
export interface KeptSlice {
  readonly slice: HistorySlice;
  /** Its publications. */
  readonly parts: readonly (readonly Publication[])[];
  readonly upTo: number;
  readonly sharing: Sharing;
}

/** Most slices that are kept, and most bytes of their messages. With their frames they take four times as much memory. */
const KEPT_MAX = 256;
const KEPT_MAX_BYTES = 4_194_304;
/** A member that has taken nothing yet. */
const BEGINNING = -1;

/** One long replay of a crowd. It needs the slices that begin after this offset or later. */
interface Member {
  at: number;
}

/** Long replays that begin at the same place. */
interface Crowd {
  readonly members: Set<Member>;
  /** By the offset after which they begin. */
  readonly slices: Map<number, Shared>;
}

interface Shared {
  readonly kept: KeptSlice;
  readonly crowd: Crowd;
  readonly after: number;
  readonly bytes: number;
  /** How many members have not gone on behind it. */
  awaited: number;
}

/**
 * Slices that several long replays share: those of one feed that begin at the same place at about the same time. The first one
 * reads a slice, and the others get the same objects, so that frames are made once. A slice is kept until the last of them has
 * gone on behind it. So replays that advance together take the memory of a few slices.
 */
export class SharedSlices {
  private readonly crowds = new Map<string, Crowd>();
  /** All that are kept, the oldest first. */
  private readonly order = new Set<Shared>();
  private bytes = 0;

  /** A long replay begins. It has to {@link SliceShare.leave}. */
  join(feed: FeedKey, { epoch, floors }: Pick<ReplayExtent, 'epoch' | 'floors'>): SliceShare {
    const places = [...floors].map(([caseId, floor]) => `${caseId} ${floor}`);
    const key = [feed, epoch, ...places].join('\n');
    const crowd = this.crowds.get(key) ?? { members: new Set(), slices: new Map<number, Shared>() };
    const member: Member = { at: BEGINNING };
    this.crowds.set(key, crowd);
    crowd.members.add(member);
    crowd.slices.forEach((shared) => (shared.awaited += 1));
    return {
      get isCrowd() {
        return crowd.members.size > 1;
      },
      find: (after) => {
        this.goOn(crowd, member, after);
        return crowd.slices.get(after)?.kept ?? null;
      },
      keep: (after, kept) => this.keep(crowd, member, after, kept),
      leave: () => {
        this.goOn(crowd, member, Number.POSITIVE_INFINITY);
        crowd.members.delete(member);
        if (crowd.members.size === 0) {
          this.crowds.delete(key);
        }
      },
    };
  }

  /** A member needs only what begins after this offset or later. */
  private goOn(crowd: Crowd, member: Member, after: number): void {
    for (const shared of crowd.slices.values()) {
      if (shared.after >= member.at && shared.after < after) {
        shared.awaited -= 1;
        if (shared.awaited === 0) {
          this.drop(shared);
        }
      }
    }
    member.at = after;
  }

  private keep(crowd: Crowd, reader: Member, after: number, kept: KeptSlice): void {
    const others = [...crowd.members].filter((member) => member !== reader && member.at <= after).length;
    if (others === 0 || crowd.slices.has(after)) {
      return;
    }
    const bytes = kept.slice.publications?.reduce((sum, publication) => sum + bytesOf(publication), 0) ?? 0;
    const shared = { kept, crowd, after, bytes, awaited: others + (reader.at <= after ? 1 : 0) };
    crowd.slices.set(after, shared);
    this.order.add(shared);
    this.bytes += bytes;
    for (const oldest of this.order) {
      if (this.order.size <= KEPT_MAX && this.bytes <= KEPT_MAX_BYTES) {
        return;
      }
      this.drop(oldest);
    }
  }

  private drop(shared: Shared): void {
    this.order.delete(shared);
    shared.crowd.slices.delete(shared.after);
    this.bytes -= shared.bytes;
  }
}

/** What one long replay has of the slices that it shares. */
export interface SliceShare {
  /** Others replay from the same place at the moment. */
  readonly isCrowd: boolean;
  /** The slice that begins after an offset; null: it has to be read. The replay needs none before it any more. */
  find(after: number): KeptSlice | null;
  /** Keeps a slice for the others that still need it, if there are any. */
  keep(after: number, kept: KeptSlice): void;
  leave(): void;
}
