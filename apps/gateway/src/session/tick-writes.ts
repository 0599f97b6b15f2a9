import type { Publication } from '#core';

/** Publications are written to it. Its methods must not throw. */
export interface Receiver {
  /** Writes a publication that is the only one of its tick. */
  send(publication: Publication): void;
  /**
   * Takes a publication to be written at {@link flush}, together with others.
   *
   * @returns whether it is the first one since the last flush
   */
  collect(publication: Publication): boolean;
  /** Writes what was collected. */
  flush(): void;
}

/**
 * Writes to each client once per tick, whatever the number of publications in the tick. Publications that Redis sends
 * together (a poll that found several messages, a backlog) arrive in one tick. One write for all of them is one system
 * call, and that call is most of the cost of a delivery.
 *
 * Most ticks have one publication. Until the end of such a tick only the list of receivers is touched. So the other
 * objects of a client are loaded into the processor's cache once, when the client is written to.
 */
export class TickWrites {
  /** The only publication of this tick so far. Null if there is none, or more than one. */
  private single: Publication | null = null;
  /** Receivers of {@link single}; if there is more than one publication, receivers that have to be flushed. */
  private readonly waiting: Receiver[] = [];
  private scheduled = false;
  private busy = false;

  add(receiver: Receiver, publication: Publication): void {
    if (this.waiting.length === 0) {
      this.single = publication;
      this.waiting.push(receiver);
      this.schedule();
    } else if (this.single === publication) {
      this.waiting.push(receiver);
    } else {
      this.collectSingle();
      if (receiver.collect(publication)) {
        this.waiting.push(receiver);
      }
    }
  }

  /** Writes what waits. Called before anything else is written to a client, so that the order holds. */
  flush(): void {
    if (this.busy) {
      return; // A client that is written to turned out to be too slow, and its `closing` asks for a flush.
    }
    this.busy = true;
    const { single } = this;
    this.single = null;
    for (const receiver of this.waiting) {
      if (single === null) {
        receiver.flush();
      } else {
        receiver.send(single);
      }
    }
    this.waiting.length = 0;
    this.busy = false;
  }

  private schedule(): void {
    if (!this.scheduled) {
      this.scheduled = true;
      process.nextTick(this.endTick);
    }
  }

  private readonly endTick = (): void => {
    this.scheduled = false;
    this.flush();
  };

  /** The tick has a second publication: the receivers of the first one take it to be written with others. */
  private collectSingle(): void {
    const { single } = this;
    if (single !== null) {
      this.busy = true;
      this.single = null;
      this.waiting.forEach((receiver) => receiver.collect(single));
      this.busy = false;
    }
  }
}
