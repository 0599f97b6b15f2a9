import { Refusal } from '#protocol';
import { type Deadline, tookTooLong } from '../edge/deadline.js';

/** One request on its way. */
export interface Operation<Request> {
  /** Nobody waits for the answer any more: leave no traces. */
  readonly abandoned: boolean;
  /** What waits behind it, in order. Null is a request that cannot be served with another one. */
  readonly behind: readonly (Request | null)[];
}

/** What the requests that wait on one connection may take, bytes, the running one included. */
const WAITING_MAX_BYTES = 1_048_576;
/** What a request takes while it waits, on top of what it names, bytes: its promise, its timer, its place. */
const REQUEST_BYTES = 1024;
/** When a client may come back whose requests wait already, ms. */
const TOO_MANY_RETRY_MS = 1000;

const IDLE = Promise.resolve();
const NOTHING: never[] = [];

/** What an operation is given up for; made only when one is: an error costs as much as a request. */
type Why = () => Refusal;

/**
 * The requests of one connection, one after the other. A late one is answered as `unavailable` and gives up its turn
 * only when its work has ended, so that no two ever work on the same subscriptions. While nothing waits, nothing is kept.
 */
export class OperationQueue<Request> {
  private turn: Promise<void> = IDLE;
  private giveUps: Set<(why: Why) => void> | null = null;
  /** Bytes. */
  private held = 0;
  /** What waits, in order, without the one that runs. */
  private behind: (Request | null)[] = NOTHING;

  /**
   * @param bytes what the request names
   * @param request what those that run before it may serve along with themselves
   * @throws {Refusal} `too_many`, `unavailable` where the deadline passes, and what `work` throws
   */
  async run<T>(
    deadline: Deadline,
    work: (operation: Operation<Request>) => Promise<T>,
    bytes = 0,
    request: Request | null = null,
  ): Promise<T> {
    const size = REQUEST_BYTES + bytes;
    if (this.held > 0 && this.held + size > WAITING_MAX_BYTES) {
      const most = `the requests that wait on this connection take more than ${WAITING_MAX_BYTES} bytes`;
      throw new Refusal('too_many', most, { retryMs: TOO_MANY_RETRY_MS });
    }
    this.held += size;
    if (this.behind === NOTHING) {
      this.behind = [];
    }
    this.behind.push(request);
    const operation = { abandoned: false, behind: this.behind };
    const previous = this.turn;
    const done = (async () => {
      await previous;
      this.behind.shift();
      if (!operation.abandoned) {
        return await work(operation);
      }
      throw new Refusal('unavailable', 'the request was given up');
    })();
    const ended = () => this.ended(size);
    this.turn = done.then(ended, ended);
    return this.answered(done, operation, deadline);
  }

  /** Answers all requests that wait. Work under way leaves no traces. */
  stop(why: Why): void {
    this.giveUps?.forEach((giveUp) => giveUp(why));
  }

  private ended(size: number): void {
    this.held -= size;
    if (this.held === 0) {
      this.turn = IDLE;
      this.behind = NOTHING;
    }
  }

  private answered<T>(done: Promise<T>, operation: { abandoned: boolean }, deadline: Deadline): Promise<T> {
    return new Promise((resolve, reject) => {
      const giveUp = (why: Why) => {
        operation.abandoned = true;
        settle();
        reject(why());
      };
      const timer = setTimeout(giveUp, deadline.leftMs, tookTooLong);
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
