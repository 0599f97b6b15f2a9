/** Jobs that wait before {@link HandlerQueue.room} makes a stream wait. */
const ROOM = 256;

/** Runs handlers one after the other, so that a page sees events in their order, whatever it awaits. */
export class HandlerQueue {
  private readonly jobs: (() => unknown)[] = [];
  private readonly waiting: (() => void)[] = [];
  private isWorking = false;

  /** @param report gets what a job throws; the next one runs all the same */
  constructor(private readonly report: (error: unknown) => void) {}

  add(job: () => unknown): void {
    this.jobs.push(job);
    if (!this.isWorking) void this.work();
  }

  /** Resolves when the handlers are no longer behind. */
  room(): Promise<void> {
    return this.jobs.length < ROOM ? Promise.resolve() : new Promise((resolve) => this.waiting.push(resolve));
  }

  /** Runs it, and reports what it throws. */
  async guard(run: () => unknown): Promise<void> {
    try {
      await run();
    } catch (error) {
      this.report(error);
    }
  }

  private async work(): Promise<void> {
    this.isWorking = true;
    for (let next = this.jobs.shift(); next; next = this.jobs.shift()) {
      await this.guard(next);
      if (this.jobs.length < ROOM) this.waiting.splice(0).forEach((go) => go());
    }
    this.isWorking = false;
  }
}
