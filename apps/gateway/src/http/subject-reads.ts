import { Refusal, TOO_MANY_REQUESTS } from '#protocol';
import { type Deadline, tookTooLong } from '../edge/deadline.js';

/** Most history reads of one subject that run at once. One runs until its answer is taken. */
const RUNNING_MAX = 4;
/** Most history reads of one subject that wait for their turn. */
const WAITING_MAX = 60;
/** When a client may try again whose subject has too many reads, ms. */
const TOO_MANY_RETRY_MS = 1000;

/** A request that wants to read. */
export interface Reader {
  /** Whose reads are counted together: the subject, or the connection where there are no subjects. */
  readonly owner: string | object;
  readonly deadline: Deadline;
  /** Whether nobody waits for the answer any more. */
  hasLeft(): boolean;
}

interface Waiting {
  /** Begins the read, unless its client has left. @returns whether it began */
  begin(): boolean;
  readonly reader: Reader;
}

interface Reads {
  running: number;
  /** Not empty only while as many run as may. */
  waiting: Waiting[];
}

/**
 * Whose turn it is to read history. The reads of one subject wait for each other, so that many of them do not delay other
 * clients. A read whose client has left, or whose deadline has passed, is not begun.
 */
export class SubjectReads {
  private readonly byOwner = new Map<string | object, Reads>();

  /** @param waitingMax most reads of one subject that wait for their turn */
  constructor(private readonly waitingMax = WAITING_MAX) {}

  /**
   * Waits for a turn.
   *
   * @returns what ends the turn, to be called once; null if the client has left
   * @throws {Refusal} `too_many` where too many reads wait already, `unavailable` where the deadline passes first
   */
  async turn(reader: Reader): Promise<(() => void) | null> {
    const { owner, deadline } = reader;
    if (reader.hasLeft()) {
      return null;
    }
    if (deadline.leftMs === 0) {
      throw tookTooLong();
    }
    const reads = this.readsOf(owner);
    if (reads.running < RUNNING_MAX) {
      reads.running += 1;
    } else if (!(await wait(reads, reader, this.waitingMax))) {
      return null;
    }
    return () => this.end(owner, reads);
  }

  private readsOf(owner: string | object): Reads {
    const reads = this.byOwner.get(owner) ?? { running: 0, waiting: [] };
    this.byOwner.set(owner, reads);
    return reads;
  }

  /** Gives the turn to the next one that still waits. */
  private end(owner: string | object, reads: Reads): void {
    for (let next = reads.waiting.shift(); next !== undefined; next = reads.waiting.shift()) {
      if (next.begin()) {
        return;
      }
    }
    reads.running -= 1;
    if (reads.running === 0) {
      this.byOwner.delete(owner);
    }
  }
}

/** @returns whether it may begin; false if the client has left */
function wait(reads: Reads, reader: Reader, waitingMax: number): Promise<boolean> {
  if (reads.waiting.length >= waitingMax) {
    reads.waiting = reads.waiting.filter((each) => !each.reader.hasLeft() || each.begin());
  }
  if (reads.waiting.length >= waitingMax) {
    const most = `a subject has at most ${RUNNING_MAX + waitingMax} history reads at once`;
    throw new Refusal('too_many', most, { status: TOO_MANY_REQUESTS, retryMs: TOO_MANY_RETRY_MS });
  }
  return new Promise((resolve, reject) => {
    const waiting: Waiting = {
      reader,
      begin: () => {
        clearTimeout(timer);
        const begins = !reader.hasLeft();
        resolve(begins);
        return begins;
      },
    };
    const timer = setTimeout(() => {
      reads.waiting = reads.waiting.filter((each) => each !== waiting);
      reject(tookTooLong());
    }, reader.deadline.leftMs);
    reads.waiting.push(waiting);
  });
}
