/** Runs one piece of work at a time. The others wait in the order in which they came. */
export class Turns {
  private last: Promise<unknown> = Promise.resolve();

  /** @throws what `work` throws */
  run<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.last.then(work);
    this.last = turn.catch(() => undefined); // The caller gets the error. The next turn does not depend on it.
    return turn;
  }
}
