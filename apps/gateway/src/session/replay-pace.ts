/**
 * Lets one part of a long replay be written per turn of the event loop, whatever the number of replays. In between the
 * loop reads what came from Redis and from clients, so live publications wait for one such part at most.
 */
export class ReplayPace {
  private readonly waiting: (() => void)[] = [];

  /** Resolves when the caller may write one part. Callers have their turns in the order in which they came. */
  turn(): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      if (this.waiting.length === 1) {
        setImmediate(this.next);
      }
    });
  }

  private readonly next = (): void => {
    this.waiting.shift()?.();
    if (this.waiting.length > 0) {
      setImmediate(this.next);
    }
  };
}
