import type { Feed, Publication } from '#core';
import type { DeliveryCounters } from './delivery-counters.js';
import type { Outlet } from './outlet.js';
import type { TickWrites } from './tick-writes.js';
import type { UnsentLimit } from './unsent-limit.js';

/** Publications of one tick that reach this size (bytes) are written without waiting for the rest of them. */
const RUN_MAX_BYTES = 65_536;

export interface ConnectionOwner {
  /** More is unsent than may be. */
  tooSlow(): void;
}

/** What all subscriptions of one connection share. */
export class Connection {
  /** Whether {@link flush} will be called at the end of the tick. */
  private waits = false;

  constructor(
    readonly outlet: Outlet,
    readonly limit: UnsentLimit,
    readonly counters: DeliveryCounters,
    private readonly writes: TickWrites,
    private readonly owner: ConnectionOwner,
  ) {}

  /** @param more others may follow in this tick: where none does, the client is written to at once */
  deliver(publication: Publication, feed: Feed, more: boolean): void {
    const { outlet } = this;
    this.counters.delivered(publication, outlet.transport);
    if (!more && !this.waits) {
      this.written(outlet.send(publication, feed));
    } else if (outlet.publish(publication, feed) >= RUN_MAX_BYTES) {
      this.written(outlet.flush());
    } else if (!this.waits) {
      this.waits = true;
      this.writes.add(this);
    }
  }

  /** Gives past publications, whatever their size: a client is allowed its replay. */
  replay(publications: readonly Publication[], feed: Feed): void {
    for (const publication of publications) {
      if (this.outlet.publish(publication, feed) >= RUN_MAX_BYTES) {
        this.outlet.flush();
      }
    }
    this.outlet.flush(); // Acknowledgements go their own way: the replay has to be out before them.
    this.counters.replayed(publications.length, this.outlet.transport);
  }

  /** Writes what was delivered in this tick. */
  flush(): void {
    this.waits = false;
    this.written(this.outlet.flush());
  }

  /** @param isLittle whether less is unsent than any limit */
  private written(isLittle: boolean): void {
    if (!isLittle && this.limit.isExceeded(this.outlet.unsentBytes)) {
      this.owner.tooSlow();
    }
  }
}
