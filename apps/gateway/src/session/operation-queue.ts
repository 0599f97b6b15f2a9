import { Refusal } from '#protocol';

/** One request on its way. */
export interface Operation {
  /** Nobody waits for the answer any more: leave no traces. */
  readonly abandoned: boolean;
}

/** Requests that may wait on one connection, the running one included. */
const WAITING_MAX = 64;
/** A client has its answer after this long (ms), whatever the store does: a bit more than a store command may take. */
const ANSWER_WITHIN_MS = 5000;
/** When a client may come back that was refused because the store was slow, ms. */
export const STORE_RETRY_MS = 2000;

const IDLE = Promise.resolve();

/** What an operation is given up for; made only when one is: an error costs as much as a request. */
type Why = () => Refusal;
const takesTooLong: Why = () => new Refusal('unavailable', 'the request took too long', { retryMs: STORE_RETRY_MS });

/**
 * The requests of one connection, one after the other. A late one is answered as `unavailable` and gives up its turn
 * only when its work has ended, so that no two ever work on the same subscriptions. While nothing waits, nothing is kept.
 */
export class OperationQueue {
  private turn: Promise<void> = IDLE;
  private giveUps: Set<(why: Why) => void> | null = null;
  private waiting = 0;

  /** @throws {Refusal} `too_many`, `unavailable`, and what `work` throws */
  async run<T>(work: (operation: Operation) => Promise<T>): Promise<T> {
    if (this.waiting >= WAITING_MAX) {
      throw new Refusal('too_many', `more than ${WAITING_MAX} requests wait on this connection`);
    }
    this.waiting += 1;
    const operation = { abandoned: false };
    const previous = this.turn;
    const done = (async () => {
      await previous;
      if (!operation.abandoned) {
        return await work(operation);
      }
      throw new Refusal('unavailable', 'the request was given up');
    })();
    this.turn = done.then(
      () => this.ended(),
      () => this.ended(),
    );
    return this.answered(done, operation);
  }

  /** Answers whoever waits; what is under way leaves no traces. */
  stop(why: Why): void {
    this.giveUps?.forEach((giveUp) => giveUp(why));
  }

  private ended(): void {
    this.waiting -= 1;
    if (this.waiting === 0) {
      this.turn = IDLE;
    }
  }

  private answered<T>(done: Promise<T>, operation: { abandoned: boolean }): Promise<T> {
    return new Promise((resolve, reject) => {
      const giveUp = (why: Why) => {
        operation.abandoned = true;
        settle();
        reject(why());
      };
      const timer = setTimeout(giveUp, ANSWER_WITHIN_MS, takesTooLong);
      const settle = () => {
        clearTimeout(timer);
        this.giveUps?.delete(giveUp);
        if (this.giveUps?.size === 0) {
          this.giveUps = null;
        }
      };
      this.giveUps ??= new Set();
      this.giveUps.add(giveUp);
      done.finally(settle).then(resolve, reject);
    });
  }
}
