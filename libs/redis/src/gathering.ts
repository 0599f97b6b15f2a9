interface Waiting<Ask, Answer> {
  readonly ask: Ask;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * What is asked while a call is under way, or in one turn of the event loop, is asked together. A call of Redis costs a client
 * more than what it says.
 */
export class Gathering<Ask, Answer> {
  private waiting: Waiting<Ask, Answer>[] = [];
  private isScheduled = false;
  private underWay = 0;

  constructor(
    /** Most that one call asks. */
    private readonly most: number,
    /** Answers in order. What it throws, all who asked get. */
    private readonly call: (asks: readonly Ask[]) => Promise<readonly Answer[]>,
  ) {}

  ask(ask: Ask): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ ask, resolve, reject });
      this.schedule();
    });
  }

  /** Asks what waits now, before anything else is sent. */
  askAll(): void {
    const all = this.waiting;
    this.waiting = [];
    for (let start = 0; start < all.length; start += this.most) {
      void this.askSome(all.slice(start, start + this.most));
    }
  }

  private schedule(): void {
    if (!this.isScheduled && this.underWay === 0 && this.waiting.length > 0) {
      this.isScheduled = true;
      setImmediate(() => {
        this.isScheduled = false;
        this.askAll();
      });
    }
  }

  private async askSome(some: readonly Waiting<Ask, Answer>[]): Promise<void> {
    this.underWay += 1;
    try {
      const answers = await this.call(some.map(({ ask }) => ask));
      some.forEach(({ resolve }, at) => resolve(answers[at] as Answer));
    } catch (error) {
      some.forEach(({ reject }) => reject(error));
    } finally {
      this.underWay -= 1;
      this.schedule();
    }
  }
}
