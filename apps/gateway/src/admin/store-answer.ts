import { Refusal } from '#protocol';
import { Deadline } from '../edge/deadline.js';

/** When an operator may try again after the store did not answer, ms. */
const RETRY_MS = 1000;

/** What the store answers. @throws {Refusal} `unavailable` if it does not in time */
export async function storeAnswer<T>(work: Promise<T>, deadline = new Deadline()): Promise<T> {
  try {
    return await deadline.bound(work);
  } catch (cause) {
    throw storeRefusal('the store is out of reach', cause);
  }
}

/** @param cause what happened; it is logged, unless it only says that the time was over */
export function storeRefusal(text: string, cause: unknown): Refusal {
  return new Refusal('unavailable', text, { retryMs: RETRY_MS, ...(!(cause instanceof Refusal) && { cause }) });
}
