import type { CaseId, FeedKey, InterestRegistry } from '#core';

/** Time between two looks whether tickets were answered for, ms. */
const LOOK_EVERY_MS = 100;

interface Waiting {
  readonly caseIds: readonly CaseId[];
  /** Those of which nothing is known yet. */
  pending: readonly CaseId[];
  readonly resolve: () => void;
}

/** Waits until the upstream has answered for tickets for the first time. One look serves all that wait. */
export class FirstAnswers {
  private readonly waiting = new Map<FeedKey, Set<Waiting>>();

  constructor(private readonly registry: Pick<InterestRegistry, 'answeredAt' | 'statuses'>) {}

  /**
   * @param withinMs how long to wait at most; 0: one look
   * @returns those for which the upstream has not answered yet
   */
  async pending(feed: FeedKey, caseIds: readonly CaseId[], withinMs: number): Promise<readonly CaseId[]> {
    let timer: NodeJS.Timeout | undefined;
    const left = await this.look(feed, caseIds);
    if (left.length === 0 || withinMs <= 0) {
      return left;
    }
    const waiters = this.waiting.get(feed) ?? new Set();
    let waiting: Waiting | undefined;
    await new Promise<void>((resolve) => {
      waiting = { caseIds, pending: left, resolve };
      waiters.add(waiting);
      timer = setTimeout(resolve, withinMs);
      if (!this.waiting.has(feed)) {
        this.waiting.set(feed, waiters);
        void this.run(feed, waiters);
      }
    });
    clearTimeout(timer);
    waiters.delete(waiting as Waiting);
    return (waiting as Waiting).pending;
  }

  private async run(feed: FeedKey, waiters: Set<Waiting>): Promise<void> {
    while (waiters.size > 0) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS).unref());
      const wanted = [...new Set([...waiters].flatMap(({ pending }) => pending))];
      // While the store is out of reach, they wait on until their time is over.
      const left = new Set(wanted.length === 0 ? [] : await this.look(feed, wanted).catch(() => wanted));
      for (const each of waiters) {
        each.pending = each.pending.filter((caseId) => left.has(caseId));
        if (each.pending.length === 0) {
          each.resolve();
        }
      }
    }
    this.waiting.delete(feed);
  }

  private async look(feed: FeedKey, caseIds: readonly CaseId[]): Promise<readonly CaseId[]> {
    const [times, statuses] = await Promise.all([
      this.registry.answeredAt(feed, caseIds),
      this.registry.statuses(feed, caseIds),
    ]);
    // A set may have been answered for before the ticket came. The first answer for a ticket has its status.
    return caseIds.filter((_, at) => times[at] === null || statuses[at] === null);
  }
}
