/** Something that has bytes to write. Must not throw. */
interface Writer {
  flush(): void;
}

/**
 * Lets each connection write once at the end of a tick, however much it was given. What Redis sends together (a poll
 * that found several messages, a backlog) arrives in one tick: a client of many tickets, or one that is behind, then
 * costs one system call and not one per publication, and that call is most of what a delivery costs.
 */
export class TickWrites {
  private waiting: Writer[] = [];

  add(writer: Writer): void {
    if (this.waiting.push(writer) === 1) {
      process.nextTick(this.flush);
    }
  }

  private readonly flush = (): void => {
    const { waiting } = this;
    this.waiting = [];
    for (const writer of waiting) {
      writer.flush();
    }
  };
}
