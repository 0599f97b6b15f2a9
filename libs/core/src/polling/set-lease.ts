import type { DeliveredWindow } from './delta.js';
import { setName, type SetRef } from '../model/set-ref.js';
import type { TicketSet } from './ticket-set.js';

/**
 * The right of one worker to send requests for a ticket set, until a time. The store keeps it with the set.
 *
 * Three mechanisms protect a set, each from something else:
 *
 * - The lease is mutual exclusion in time: no two requests for a set are in flight at once (invariant 1). It outlasts
 *   any request that is sent in time, see {@link SetLeases.sendBy}.
 * - The fence is the safety of the commit (invariant 2). It is needed beside the lease: a worker may stand still after
 *   its request was answered, until its lease has ended and another worker has polled the set. Its commit still
 *   arrives then, and the fence it names is not the set's any more.
 * - The lock of the job in the work queue gives a set to one worker at a time, so that others do not try in vain, and
 *   finds another worker for it when that one dies. Nothing relies on it: a worker whose process stands still loses the
 *   lock and goes on polling.
 */
export interface SetLease {
  /** Name of a worker process, unique in the deployment. */
  readonly owner: string;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/**
 * A set that is due later than this is not reserved, ms. When the worker of a reserved set dies, other workers have to
 * wait for the end of the lease.
 */
export const RESERVATION_MAX_MS = 2500;

/**
 * No script changes the tickets of a leased set. If tickets are to leave or to move, no set of the feed is reserved for
 * this long (ms), so that each set is free between two polls. It is longer than any reservation.
 */
export const RESERVATIONS_SUSPENDED_MS = 4000;

/**
 * The owner of a reserved set polls it without a call to the store. So for the store, a leased set that is due within this
 * long is being polled, ms.
 */
export const ABOUT_TO_POLL_MS = 50;

export interface LeaseTerms {
  readonly owner: string;
  /** How long a lease lasts that is taken for one request, ms: longer than `UPSTREAM_TIMEOUT_MS`. */
  readonly leaseMs: number;
  /** A request must be sent within this long after its lease begins, ms. Else it might outlast the lease. */
  readonly sendWithinMs: number;
}

/** A lease that its owner keeps until the set is next due, with all that it knows of the set. */
export interface Reservation {
  /** It begins when the set is due: it ends `leaseMs` after that. */
  readonly lease: SetLease;
  /** As the last commit left it. */
  readonly set: TicketSet;
  /** What the set is known to have delivered. */
  readonly window: DeliveredWindow;
}

/**
 * The sets that this process polls, and those that it has reserved. The next poll of a reserved set goes out without
 * asking the store, because nobody else changes its tickets. If that happens after all, the fence has moved: that
 * costs one discarded poll.
 */
export class SetLeases {
  private readonly polling = new Set<string>();
  /** By set name; null if the set has to be read anew. */
  private readonly reservations = new Map<string, Reservation | null>();

  constructor(private readonly terms: LeaseTerms) {}

  /** A lease for one request. @param begins milliseconds since 1970 */
  leaseFrom(begins: number): SetLease {
    return { owner: this.terms.owner, until: begins + this.terms.leaseMs };
  }

  /** When a request under that lease must have been sent, ms since 1970. */
  sendBy(lease: SetLease): number {
    return lease.until - this.terms.leaseMs + this.terms.sendWithinMs;
  }

  /** @returns false if this process polls the set already: the queue gave the job to it twice */
  startPoll(ref: SetRef): boolean {
    const name = setName(ref);
    const isFree = !this.polling.has(name);
    this.polling.add(name);
    return isFree;
  }

  endPoll(ref: SetRef): void {
    this.polling.delete(setName(ref));
  }

  /** @param reservation null if the lease is kept and the set has to be read anew before it is polled */
  reserve(ref: SetRef, reservation: Reservation | null): void {
    this.reservations.set(setName(ref), reservation);
  }

  /** Takes what is known of a reserved set; null if the store has to be asked. @param now ms since 1970 */
  takeReservation(ref: SetRef, now: number): Reservation | null {
    const name = setName(ref);
    const reservation = this.reservations.get(name) ?? null;
    this.reservations.delete(name);
    return reservation !== null && now <= this.sendBy(reservation.lease) ? reservation : null;
  }

  /** Somebody changed the set: it has to be read anew. The lease stays. */
  changed(ref: SetRef): void {
    if (this.reservations.has(setName(ref))) {
      this.reserve(ref, null);
    }
  }

  /** Ends a reservation. @returns whether there was one, hence a lease that the store has to end */
  giveUp(ref: SetRef): boolean {
    return this.reservations.delete(setName(ref));
  }
}
