import type { Publication } from '#core';

/** Someone to whom publications are written. Must not throw. */
export interface Receiver {
  /** Writes a publication that is the only one of its tick. */
  send(publication: Publication): void;
  /**
   * Takes a publication to be written at {@link flush}, together with others.
   *
   * @returns whether it is the first one since the last flush
   */
  publish(publication: Publication): boolean;
  /** Writes what was published. */
  flush(): void;
}

/**
 * Writes to each client once per tick, however many publications it is given in the tick. What Redis sends together (a
 * poll that found several messages, a backlog) arrives in one tick. One write for all of it is one system call, and that
 * call is most of what a delivery costs.
 *
 * Most ticks have one publication. Until the end of such a tick nothing of a client is touched but the receiver: the
 * client's other objects come into the processor's cache once, when it is written to.
 */
export class TickWrites {
  /** The only publication of this tick so far. Null where there is none, or more than one. */
  private single: Publication | null = null;
  /** Who is given {@link single}; where there is more than one publication, who has to be flushed. */
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
      this.publishSingle();
      if (receiver.publish(publication)) {
        this.waiting.push(receiver);
      }
    }
  }

  /** Writes now what waits. To be called before anything else is written to a client: the order must hold. */
  flush(): void {
    if (this.busy) {
      return; // A client turned out to be too slow while it was written to, and is told so.
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

  /** The tick has a second publication: those who are given the first one take it to be written with others. */
  private publishSingle(): void {
    const { single } = this;
    if (single !== null) {
      this.busy = true;
      this.single = null;
      this.waiting.forEach((receiver) => receiver.publish(single));
      this.busy = false;
    }
  }
}
