import {
  quarantineMs,
  RESERVATIONS_SUSPENDED_MS,
  type CaseId,
  type ExtentWant,
  type HistorySlice,
  type HistorySnapshot,
  type HistoryWant,
  type DeltaEntry,
  type PageBefore,
  type PageBeforeWant,
  type PageWant,
  type Publication,
  type ReplayExtent,
  type SetRef,
  type SliceWant,
  type StreamPosition,
  type TicketPage,
  type UpstreamState,
} from '#core';
import { canTakeTickets, isLeased, mergeInto, newMemorySet, sizeOf, type MemorySet } from './memory-set.js';
import { MemoryTicket } from './memory-ticket.js';

export interface MemoryLimits {
  readonly maxCaseIds: number;
  readonly historyMax: number;
  /** `POLL_INTERVAL_MS`. */
  readonly intervalMs: number;
}

/** Everything that is stored of one epoch of a feed. */
export class MemoryFeed {
  readonly sets = new Map<number, MemorySet>();
  /** Until when each ticket is wanted, ms since 1970. */
  readonly leases = new Map<CaseId, number>();
  /** Ids of the sets whose polls fail. The feed is degraded while there is one. */
  readonly failing = new Set<number>();
  upstream: UpstreamState = { state: 'ok', since: 0 };
  /** Quarantined tickets: how often each was refused in a row, and when it is polled again, ms (infinity: now). */
  readonly quarantined = new Map<CaseId, { readonly refusals: number; readonly until: number }>();
  /** Tickets whose first poll is still to come. */
  readonly awaited = new Set<CaseId>();
  private readonly tickets = new Map<CaseId, MemoryTicket>();
  private offset = 0;
  private lastSetId = 0;
  /** The set in which new tickets gather until its first poll, and when the newest such set is or was due, ms. */
  private stagingSet: MemorySet | null = null;
  private backfilledAt = 0;
  /** Until when no set is reserved, because a leased one could not be changed. */
  private suspendedUntil = 0;

  constructor(
    private readonly ref: Omit<SetRef, 'id'>,
    /** Name of the epoch. */
    public epoch: string,
    private readonly limits: MemoryLimits,
  ) {}

  /** The set of a ticket, if it has one. */
  setOf(caseId: CaseId): MemorySet | undefined {
    return [...this.sets.values()].find((set) => set.members.has(caseId) || set.joining.has(caseId));
  }

  /** Adds a ticket to the staging set. @returns the set if that changed its due time */
  place(caseId: CaseId, now: number): MemorySet | null {
    const open = this.stagingSet;
    const fits =
      open !== null &&
      this.sets.has(open.ref.id) &&
      !isLeased(open, now) &&
      open.members.size === 0 &&
      open.bisection === null &&
      sizeOf(open) < this.limits.maxCaseIds;
    const set = fits ? open : this.openStagingSet(now);
    set.joining.add(caseId);
    this.awaited.add(caseId);
    if (sizeOf(set) >= this.limits.maxCaseIds) {
      set.dueAt = now;
      return set;
    }
    return fits ? null : set;
  }

  areReservationsSuspended(now: number): boolean {
    return this.suspendedUntil > now;
  }

  /** Whether a set may be changed, as far as its lease goes. */
  isFreeToChange(set: MemorySet, now: number): boolean {
    if (isLeased(set, now)) {
      this.suspendedUntil = now + RESERVATIONS_SUSPENDED_MS;
      return false;
    }
    return true;
  }

  /** Merges thin sets while that makes their number smaller. */
  pack(now: number): void {
    const { maxCaseIds } = this.limits;
    const total = () => [...this.sets.values()].reduce((sum, set) => sum + sizeOf(set), 0);
    while (this.sets.size > 1 && (this.sets.size - 1) * maxCaseIds >= total() && this.dissolveOne(now)) {
      // Repeat until no set can be saved.
    }
  }

  /** Takes a refused ticket off its set. @returns whether its quarantine begins now */
  quarantine(caseId: CaseId, now: number): boolean {
    const known = this.quarantined.get(caseId);
    const refusals = (known?.refusals ?? 0) + 1;
    this.displace(caseId);
    this.quarantined.set(caseId, { refusals, until: now + quarantineMs(refusals) });
    return known === undefined;
  }

  /** Gives each ticket whose quarantine is over, and that is still wanted, a set of its own. */
  retryQuarantined(now: number): void {
    for (const [caseId, { refusals, until }] of this.quarantined) {
      if (until <= now && !this.leases.has(caseId)) {
        this.quarantined.delete(caseId);
      } else if (until <= now) {
        this.quarantined.set(caseId, { refusals, until: Number.POSITIVE_INFINITY });
        const set = this.newSet(now, now);
        set.joining.add(caseId);
        set.isUnknown = !this.isKnown(caseId);
      }
    }
  }

  /** Takes a ticket off its set. A set without tickets ends. */
  displace(caseId: CaseId): void {
    const set = this.setOf(caseId);
    set?.members.delete(caseId);
    set?.joining.delete(caseId);
    if (set !== undefined) {
      set.fence += 1;
    }
    const quarantined = this.quarantined.get(caseId);
    if (quarantined !== undefined && set !== undefined) {
      this.quarantined.set(caseId, { ...quarantined, until: 0 }); // It left before it could be polled again.
    }
    if (set !== undefined && sizeOf(set) === 0) {
      this.sets.delete(set.ref.id);
      this.failing.delete(set.ref.id);
    }
  }

  /** Publishes what was not delivered before, of tickets that have a set. A ticket that is wanted again is found again. */
  publish(entries: readonly DeltaEntry[]): Publication[] {
    const published: Publication[] = [];
    const placed = entries.filter((one) => this.setOf(one.caseId) !== undefined);
    const messages = this.newMessages(placed);
    for (const one of placed) {
      const ticket = this.ticket(one.caseId);
      if (one.kind === 'message' ? messages.has(one) : !ticket.hasStatus(one.status)) {
        this.offset += 1;
        published.push(ticket.publish(one, this.epoch, this.offset));
      }
    }
    return published;
  }

  /** Whether something of the ticket was published. */
  isKnown(caseId: CaseId): boolean {
    return this.tickets.get(caseId)?.isKnown === true;
  }

  /** Whether the caller has seen more of this epoch than there is. */
  isBehind(known: StreamPosition): boolean {
    return known.epoch === this.epoch && this.offset < known.offset;
  }

  history(wants: readonly HistoryWant[]): HistorySnapshot {
    const tickets = wants.map((want) => this.ticket(want.caseId).history(want, this.epoch));
    const quarantined = wants.map((want) => want.caseId).filter((caseId) => this.quarantined.has(caseId));
    const pending = wants.map((want) => want.caseId).filter((caseId) => this.awaited.has(caseId));
    return { epoch: this.epoch, offset: this.offset, upstream: this.upstream, quarantined, pending, tickets };
  }

  extent(wants: readonly ExtentWant[]): ReplayExtent {
    const extents = wants.map(({ caseId, count }) => [caseId, this.ticket(caseId).extent(count, this.offset)] as const);
    return {
      epoch: this.epoch,
      offset: this.offset,
      floors: new Map(extents.map(([caseId, { floor }]) => [caseId, floor])),
      count: extents.reduce((sum, [, { count }]) => sum + count, 0),
    };
  }

  slice({ floors, after, upTo, maxEvents, maxBytes }: SliceWant): HistorySlice {
    const position = { epoch: this.epoch, offset: this.offset };
    const parts = [...floors].map(([caseId, floor]) => ({
      caseId,
      ...this.ticket(caseId).slice(Math.max(after, floor), upTo, this.epoch),
    }));
    const publications = parts.flatMap((part) => part.publications).sort((a, b) => a.offset - b.offset);
    const bytes = publications.reduce((sum, one) => sum + (one.kind === 'message' ? one.message.length : 0), 0);
    if (publications.length > 1 && (publications.length > maxEvents || bytes > maxBytes)) {
      return { ...position, publications: null, lost: [] };
    }
    const lost = parts.filter(({ isTruncated }) => isTruncated).map(({ caseId }) => caseId);
    return { ...position, publications, lost };
  }

  page({ caseId, after, limit }: PageWant): TicketPage {
    const known = after !== null && after.epoch === this.epoch && after.offset <= this.offset;
    const page = this.ticket(caseId).page(known ? after.offset : 0, limit, this.epoch);
    return { epoch: this.epoch, offset: this.offset, known, ...page, truncated: known && page.truncated };
  }

  pageBefore({ caseId, before, limit }: PageBeforeWant): PageBefore {
    const known = before !== null && before.epoch === this.epoch && before.offset <= this.offset;
    const page = this.ticket(caseId).pageBefore(known ? before.offset : Number.POSITIVE_INFINITY, limit, this.epoch);
    return { epoch: this.epoch, offset: this.offset, known, isWanted: this.setOf(caseId) !== undefined, ...page };
  }

  private newMessages(entries: readonly DeltaEntry[]): Set<DeltaEntry> {
    const messages = entries.filter((one) => one.kind === 'message');
    const ofTicket = (caseId: CaseId) => messages.filter((one) => one.caseId === caseId);
    const caseIds = [...new Set(messages.map((one) => one.caseId))];
    return new Set(caseIds.flatMap((caseId) => this.ticket(caseId).delivered.takeNew(ofTicket(caseId))));
  }

  ticket(caseId: CaseId): MemoryTicket {
    const known = this.tickets.get(caseId);
    if (known !== undefined) {
      return known;
    }
    const ticket = new MemoryTicket(caseId, this.limits.historyMax);
    this.tickets.set(caseId, ticket);
    return ticket;
  }

  private openStagingSet(now: number): MemorySet {
    this.backfilledAt = Math.max(now, Math.min(now, this.backfilledAt) + this.limits.intervalMs);
    const isUnknown = this.sets.size === 0 && this.offset === 0;
    this.stagingSet = this.newSet(now, this.backfilledAt);
    this.stagingSet.isUnknown = isUnknown;
    return this.stagingSet;
  }

  private newSet(now: number, dueAt: number): MemorySet {
    this.lastSetId += 1;
    const set = newMemorySet({ ...this.ref, id: this.lastSetId }, now, dueAt);
    this.sets.set(this.lastSetId, set);
    return set;
  }

  private dissolveOne(now: number): boolean {
    const changeable = [...this.sets.values()].filter((set) => this.isFreeToChange(set, now) && canTakeTickets(set));
    const bySize = changeable.sort((a, b) => sizeOf(a) - sizeOf(b));
    for (const source of bySize) {
      const targets = bySize.filter((set) => set !== source && sizeOf(set) < this.limits.maxCaseIds).reverse();
      const room = targets.reduce((sum, set) => sum + this.limits.maxCaseIds - sizeOf(set), 0);
      if (room >= source.members.size) {
        const left = [...source.members];
        for (const target of targets) {
          mergeInto(target, left.splice(0, this.limits.maxCaseIds - sizeOf(target)), source);
        }
        this.sets.delete(source.ref.id);
        this.failing.delete(source.ref.id);
        this.suspendedUntil = now + RESERVATIONS_SUSPENDED_MS;
        return true;
      }
    }
    return false;
  }
}
