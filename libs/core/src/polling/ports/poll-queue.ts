import type { SetRef } from '../../model/set-ref.js';

/** A ticket set and when it wants to be polled, milliseconds since 1970. */
export interface DueSet {
  readonly ref: SetRef;
  readonly at: number;
}

/** The work queue, as core sees it: it carries work and never holds the truth. */
export interface PollQueue {
  /** Makes sure that each set's job exists and runs at its time, or earlier. Idempotent. */
  wake(sets: readonly DueSet[]): Promise<void>;
}
