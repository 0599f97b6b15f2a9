import { feedKey } from '../model/feed.js';
import { EMPTY_WINDOW } from './delta.js';
import { SetLeases, type Reservation } from './set-lease.js';
import type { TicketSet } from './ticket-set.js';

const REF = { feed: feedKey({ language: 'en-us' }), id: 7 };
const TERMS = { owner: 'worker', leaseMs: 6000, sendWithinMs: 500 };
const DUE = 1_750_000_000_000;

describe('SetLeases', () => {
  let leases: SetLeases;
  let reservation: Reservation;
  beforeEach(() => {
    leases = new SetLeases(TERMS);
    reservation = { lease: leases.leaseFrom(DUE), set: { ref: REF, dueAt: DUE } as TicketSet, window: EMPTY_WINDOW };
  });

  it('lets a request be sent for a while after a lease begins, so that it ends before the lease does', () => {
    const lease = leases.leaseFrom(DUE);
    expect(lease).toEqual({ owner: 'worker', until: DUE + 6000 });
    expect(leases.sendBy(lease)).toBe(DUE + 500);
  });

  it('knows a set that is polled already', () => {
    expect([leases.startPoll(REF), leases.startPoll(REF), leases.startPoll({ ...REF, id: 8 })]).toEqual([
      true,
      false,
      true,
    ]);
    leases.endPoll(REF);
    expect(leases.startPoll(REF)).toBe(true);
  });

  it('gives out a reservation once', () => {
    leases.reserve(REF, reservation);
    expect(leases.takeReservation(REF, DUE)).toBe(reservation);
    expect(leases.takeReservation(REF, DUE)).toBeNull();
  });

  it('gives out no reservation that is too short for a request', () => {
    leases.reserve(REF, reservation);
    expect(leases.takeReservation(REF, DUE + 501)).toBeNull();
    leases.reserve(REF, reservation);
    expect(leases.takeReservation(REF, DUE + 500)).toBe(reservation);
  });

  it('keeps the lease of a set that changed, and forgets what it knew of the set', () => {
    leases.reserve(REF, reservation);
    leases.changed(REF);
    expect(leases.giveUp(REF)).toBe(true);
    leases.reserve(REF, reservation);
    leases.changed(REF);
    expect(leases.takeReservation(REF, DUE)).toBeNull();
  });

  it('has nothing to release for a set that is not reserved', () => {
    leases.changed(REF);
    expect(leases.giveUp(REF)).toBe(false);
    leases.reserve(REF, reservation);
    expect([leases.giveUp(REF), leases.giveUp(REF)]).toEqual([true, false]);
  });
});
