import { Refusal } from '#protocol';
import { type Deadline, tookTooLong } from '../edge/deadline.js';
import type { Tickets } from '../edge/subscription-parameters.js';

/** One request whose turn has come. */
export interface Operation<Request> {
  /**
   * True when the request was answered already, because it took too long or the connection closes. Its work must undo
   * itself.
   */
  readonly abandoned: boolean;
  /** To be set by work that has ended, if it may have ended without waiting ({@link OperationQueue.first}). */
  hasEnded: boolean;
  /** The client has a first part of the answer. From now on the deadline does not count. */
  begun(): void;
  /** The requests that wait behind it, in order. Null is a request that cannot be served with another one. */
  readonly behind: readonly (Request | null)[];
}

/** Most bytes that the requests of one connection may take, the running one included. */
const WAITING_MAX_BYTES = 1_048_576;
/** Bytes that a request takes while it waits, on top of its ticket ids: promise, timer, place in the queue. */
const REQUEST_BYTES = 1024;
/** When a client may try again that has too many requests waiting, ms. */
const TOO_MANY_RETRY_MS = 1000;

/** Bytes that an id takes on top of its characters. */
const ID_BYTES = 24;

const IDLE = Promise.resolve();
const NOTHING: never[] = [];
const nothingToEnd = () => undefined;

/** Makes the error of a request that is abandoned. It is made only when needed: an error costs as much as a request. */
type Why = () => Refusal;

/**
 * The requests of one connection, one after the other. A late request is answered as `unavailable`, but the next one
 * starts only when its work has ended, so that two requests never change the same subscriptions at once. An empty queue
 * keeps no objects.
 */
export class OperationQueue<Request> {
  private turn: Promise<void> = IDLE;
  private giveUps: Set<(why: Why) => void> | null = null;
  /** Bytes that all requests take, the running one included. */
  private held = 0;
  /** The requests that wait, in order, without the one that runs. */
  private behind: (Request | null)[] = NOTHING;

  /**
   * @param bytes size of the ticket ids that the request names
   * @param request what an earlier request may serve together with itself; null if it cannot be served with another one
   * @throws {Refusal} `too_many`, `unavailable` if the deadline passes, and what `work` throws
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
    if (this.behind === NOTHING) {
      this.behind = [];
    }
    this.behind.push(request);
    const operation = { abandoned: false, hasEnded: false, begun: nothingToEnd, behind: this.behind };
    const previous = this.turn;
    const done = (async () => {
      await previous;
      this.behind.shift();
      if (!operation.abandoned) {
        return await work(operation);
      }
      throw new Refusal('unavailable', 'the request was given up');
    })();
    return this.answered(this.counted(done, size), operation, deadline);
  }

  /**
   * Runs the first request of a connection: nothing is before it, so its work begins at once. Where all that the work needs is
   * in memory, it ends at once, too, and nothing is made to wait for it.
   *
   * @returns null: the work has ended. Else as {@link run}
   */
  first(
    deadline: Deadline,
    work: (operation: Operation<Request>) => Promise<void>,
    bytes: number,
  ): Promise<void> | null {
    const operation = { abandoned: false, hasEnded: false, begun: nothingToEnd, behind: NOTHING };
    const done = work(operation);
    return operation.hasEnded ? null : this.answered(this.counted(done, REQUEST_BYTES + bytes), operation, deadline);
  }

  /** Refuses all requests. Work that runs is marked as abandoned. */
  stop(why: Why): void {
    this.giveUps?.forEach((giveUp) => giveUp(why));
  }

  /** The next request waits for it. @param size its bytes */
  private counted<T>(done: Promise<T>, size: number): Promise<T> {
    this.held += size;
    const ended = () => this.ended(size);
    this.turn = done.then(ended, ended);
    return done;
  }

  private ended(size: number): void {
    this.held -= size;
    if (this.held === 0) {
      this.turn = IDLE;
      this.behind = NOTHING;
    }
  }

  private answered<T>(
    done: Promise<T>,
    operation: { abandoned: boolean; begun: () => void },
    deadline: Deadline,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const giveUp = (why: Why) => {
        operation.abandoned = true;
        settle();
        reject(why());
      };
      const timer = setTimeout(giveUp, deadline.leftMs, tookTooLong);
      operation.begun = () => clearTimeout(timer);
      const settle = () => {
        clearTimeout(timer);
        this.giveUps?.delete(giveUp);
        if (this.giveUps?.size === 0) {
          this.giveUps = null;
        }
      };
      this.giveUps ??= new Set();
      this.giveUps.add(giveUp);
      done.then(
        (value) => {
          settle();
          resolve(value);
        },
        (error: Error) => {
          settle();
          reject(error);
        },
      );
    });
  }
}

/** Bytes that the ticket ids of a request take while it waits. */
export function bytesOf({ caseIds }: Tickets): number {
  return caseIds.reduce((sum, caseId) => sum + caseId.length + ID_BYTES, 0);
}
