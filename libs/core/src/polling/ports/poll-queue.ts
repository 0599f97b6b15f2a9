import type { SetRef } from '../../model/set-ref.js';

/** A ticket set and its due time, milliseconds since 1970. */
export interface DueSet {
  readonly ref: SetRef;
  readonly at: number;
}

/** The poll queue. It carries work; due times and leases are in the store. */
export interface PollQueue {
  /** Makes sure that each set's job exists and runs at its time, or earlier. Idempotent. */
  wake(sets: readonly DueSet[]): Promise<void>;
}
