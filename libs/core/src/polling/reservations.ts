import type { DeliveredWindow } from './delta.js';
import { setName, type SetRef } from '../model/set-ref.js';
import type { TicketSet } from './ticket-set.js';

/** A set that was reserved with its last commit, as that commit left it, and what it is known to have delivered. */
export interface Reservation {
  readonly set: TicketSet;
  readonly window: DeliveredWindow;
}

/**
 * A poll that is this late (ms) asks the store again before it sends anything: the process may have been stopped in its
 * tracks, and the set may be another's by now.
 */
const LATE_MS = 1000;

/**
 * Sets that stay with this process between two polls. Whoever keeps one knows all that `begin` would tell, so the next
 * poll goes out without asking: nobody else changes its tickets. Whatever changes a set moves its fence, so that one that
 * was kept for too long costs a discarded poll and nothing else.
 */
export class Reservations {
  private readonly kept = new Map<string, Reservation>();

  keep(reservation: Reservation): void {
    this.kept.set(setName(reservation.set.ref), reservation);
  }

  /** Takes the set's reservation, if there is one that still holds. */
  take(ref: SetRef, now: number): Reservation | null {
    const key = setName(ref);
    const reservation = this.kept.get(key);
    this.kept.delete(key);
    return reservation !== undefined && now < reservation.set.dueAt + LATE_MS ? reservation : null;
  }
}
