/** Runs one piece of work at a time. The others wait in the order in which they came. */
export class Turns {
  private last: Promise<unknown> = Promise.resolve();

  /** @throws what `work` throws */
  run<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.last.then(work);
    // The caller gets the result or the error. The next turn depends on neither, and it must not keep them in memory.
    this.last = turn.then(ended, ended);
    return turn;
  }
}

function ended(): void {
  // The next turn gets neither result nor error.
}
