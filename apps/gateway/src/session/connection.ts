import type { Feed, Publication, Recovery, ReplayPart } from '#core';
import { RUN_MAX_BYTES } from '#protocol';
import type { DeliveryCounters } from './delivery-counters.js';
import type { Outlet } from './outlet.js';
import type { UnsentLimit } from './unsent-limit.js';

/** A replay begins, and goes on, when no more than this is unsent, bytes. So a connection never holds two replays. */
const REPLAY_BEGINS_AT_BYTES = 65_536;
/** During a long replay a client has so long to read until more of it may be written, ms. */
const REPLAY_READ_WITHIN_MS = 10_000;
/** Longest time between two looks whether somebody still waits, ms. */
const LOOK_EVERY_MS = 100;

export interface ConnectionOwner {
  /** Called when the unsent bytes exceed the limit. */
  tooSlow(): void;
}

/** What all subscriptions of one connection share. */
export class Connection {
  /** False after `closing` was sent or the client is gone. Then nothing is delivered any more. */
  isOpen = true;
  /** Something was published since the last {@link flush}. */
  private waits = false;

  constructor(
    readonly outlet: Outlet,
    readonly limit: UnsentLimit,
    readonly counters: DeliveryCounters,
    private readonly owner: ConnectionOwner,
  ) {}

  /** Writes a live publication that is the only one of its tick. */
  send(publication: Publication, feed: Feed): void {
    if (this.isOpen) {
      const { outlet } = this;
      this.counters.delivered(publication, outlet.transport);
      this.written(outlet.send(publication, feed));
    }
  }

  /**
   * Takes a live publication to be written at {@link flush}, together with others.
   *
   * @returns whether it is the first one since the last flush
   */
  collect(publication: Publication, feed: Feed): boolean {
    if (!this.isOpen) {
      return false;
    }
    const { outlet, waits } = this;
    this.waits = true;
    this.counters.delivered(publication, outlet.transport);
    if (outlet.collect(publication, feed) >= RUN_MAX_BYTES) {
      this.written(outlet.flush());
    }
    return !waits;
  }

  /** Writes what was collected. */
  flush(): void {
    this.waits = false;
    if (this.isOpen) {
      this.written(this.outlet.flush());
    }
  }

  /** Whether a replay may be written. */
  get hasRoom(): boolean {
    return this.outlet.unsentBytes <= REPLAY_BEGINS_AT_BYTES;
  }

  /** Resolves when the client has read enough for another replay, or when no request waits for it any more. */
  async room(isAbandoned: () => boolean): Promise<void> {
    while (!this.hasRoom && !isAbandoned()) {
      await this.outlet.drained(LOOK_EVERY_MS);
    }
  }

  /** Resolves when the client has read enough for more of a long replay, or is not served any more: it may be too slow. */
  async roomForMore(): Promise<void> {
    const readBy = performance.now() + REPLAY_READ_WITHIN_MS;
    while (this.isOpen && !this.hasRoom) {
      if (performance.now() >= readBy) {
        this.owner.tooSlow();
        return;
      }
      await this.outlet.drained(LOOK_EVERY_MS);
    }
  }

  /** Writes past publications, whatever their size: the unsent limit allows a replay. */
  replay({ replay, isShared }: Pick<Recovery, 'replay' | 'isShared'>, feed: Feed): void {
    if (isShared) {
      this.outlet.replay(replay, feed);
    } else {
      this.collectAll(replay, feed);
    }
    this.outlet.flush(); // An acknowledgement does not pass through the outlet, and it has to follow the replay.
    this.counters.replayed(replay.length, this.outlet.transport);
  }

  /** Writes a part of a long replay. */
  replayPart({ publications, sharing }: Omit<ReplayPart, 'notices'>, feed: Feed): void {
    if (sharing === 'publications') {
      this.collectAll(publications, feed);
      this.outlet.flush();
    } else if (publications.length > 0) {
      this.outlet.replayPart(publications, feed, sharing === 'part');
    }
    this.counters.replayed(publications.length, this.outlet.transport);
  }

  /** Ends a connection whose client does not keep up. */
  checkUnsent(): void {
    if (this.limit.isExceeded(this.outlet.unsentBytes)) {
      this.owner.tooSlow();
    }
  }

  private collectAll(publications: readonly Publication[], feed: Feed): void {
    for (const publication of publications) {
      if (this.outlet.collectPast(publication, feed) >= RUN_MAX_BYTES) {
        this.outlet.flush();
      }
    }
  }

  /** @param isLittle whether the unsent bytes are below any limit */
  private written(isLittle: boolean): void {
    if (!isLittle) {
      this.checkUnsent();
    }
  }
}
