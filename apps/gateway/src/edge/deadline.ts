import { Refusal } from '#protocol';

/**
 * Every request is answered within this time, ms (PROTOCOL.md, X3). It is longer than the 4 s that a store command may
 * take.
 */
const ANSWER_WITHIN_MS = 5000;
/** When a client may try again after the store was slow or out of reach, ms. */
export const STORE_RETRY_MS = 2000;

/** The refusal of a request that took too long. */
export function tookTooLong(): Refusal {
  return new Refusal('unavailable', 'the request took too long', { retryMs: STORE_RETRY_MS });
}

/** The time by which one request is answered. It covers all waits: keys of the token, operation queue, store. */
export class Deadline {
  private readonly endsAt: number;

  /** @param withinMs counted from now */
  constructor(withinMs = ANSWER_WITHIN_MS) {
    this.endsAt = performance.now() + withinMs;
  }

  /** What is left of it, ms; 0 once it has passed. */
  get leftMs(): number {
    return Math.max(0, this.endsAt - performance.now());
  }

  /**
   * Waits for a part of the request. Work that takes longer goes on, and its result is ignored.
   *
   * @param late makes the error that is thrown if the deadline passes first
   * @throws {Refusal} `unavailable`, unless `late` makes another error; else what `work` throws
   */
  bound<T>(work: Promise<T>, late: () => Error = tookTooLong): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(late()), this.leftMs);
      work.then(
        (value) => {
          clearTimeout(timer);
          resolve(value);
        },
        (error: Error) => {
          clearTimeout(timer);
          reject(error);
        },
      );
    });
  }
}
