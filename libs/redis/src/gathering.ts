interface Waiting<Ask, Answer> {
  readonly ask: Ask;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

export interface GatheringBounds {
  /** Most that one call asks. All who asked go on in the tick of its answer. */
  readonly most: number;
  /** Most calls that are under way. */
  readonly calls: number;
}

/**
 * Joins questions into one call of Redis: those of one turn of the event loop, and those that come while a call is under way.
 * For a client a call costs more than the questions in it.
 */
export class Gathering<Ask, Answer> {
  private waiting: Waiting<Ask, Answer>[] = [];
  private isScheduled = false;
  private underWay = 0;

  constructor(
    private readonly bounds: GatheringBounds,
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
    while (this.waiting.length > 0) {
      void this.askNext();
    }
  }

  private schedule(): void {
    if (!this.isScheduled && this.underWay < this.bounds.calls && this.waiting.length > 0) {
      this.isScheduled = true;
      setImmediate(this.nextTurn);
    }
  }

  private readonly nextTurn = (): void => {
    this.isScheduled = false;
    while (this.waiting.length > 0 && this.underWay < this.bounds.calls) {
      void this.askNext();
    }
  };

  private async askNext(): Promise<void> {
    const some = this.waiting.splice(0, this.bounds.most);
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
