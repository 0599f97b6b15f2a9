import type { CaseId, HistoryWant, HistorySnapshot, News, Publication, SetRef, TicketSet, UpstreamState } from '#core';
import { MemoryTicket } from './memory-ticket.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A ticket set as it is stored. */
export type MemorySet = Omit<Mutable<TicketSet>, 'members' | 'joining'> & {
  readonly members: Set<CaseId>;
  readonly joining: Set<CaseId>;
  heldUntil: number;
};

/** Everything that is stored of one life of a feed. */
export class MemoryFeed {
  readonly sets = new Map<number, MemorySet>();
  /** Until when each wanted ticket is wanted. */
  readonly leases = new Map<CaseId, number>();
  /** Sets whose polls fail; the feed is degraded from the first one's coming until the last one's leaving. */
  readonly failing = new Set<number>();
  upstream: UpstreamState = { state: 'ok', since: 0 };
  private readonly tickets = new Map<CaseId, MemoryTicket>();
  private offset = 0;
  private lastSetId = 0;

  constructor(
    private readonly ref: Omit<SetRef, 'id'>,
    private readonly epoch: string,
    private readonly limits: { readonly maxCaseIds: number; readonly historyMax: number },
  ) {}

  /** The set of a ticket that has a place. */
  setOf(caseId: CaseId): MemorySet | undefined {
    return [...this.sets.values()].find((set) => set.members.has(caseId) || set.joining.has(caseId));
  }

  /** Gives a ticket a place in the fullest open set, else in a new one: full sets are what makes polls few. */
  place(caseId: CaseId, now: number): void {
    const open = [...this.sets.values()].filter((set) => sizeOf(set) < this.limits.maxCaseIds);
    const fullest = open.reduce<MemorySet | null>(
      (best, set) => (best === null || sizeOf(set) > sizeOf(best) ? set : best),
      null,
    );
    (fullest ?? this.createSet(now)).joining.add(caseId);
  }

  /** Takes a ticket off its set, and ends the set if it was the last one. */
  displace(caseId: CaseId): void {
    const set = this.setOf(caseId);
    set?.members.delete(caseId);
    set?.joining.delete(caseId);
    if (set !== undefined && sizeOf(set) === 0) {
      this.sets.delete(set.ref.id);
      this.failing.delete(set.ref.id);
    }
  }

  /** Publishes what was not delivered before. */
  publish(news: readonly News[]): Publication[] {
    const published: Publication[] = [];
    for (const one of news) {
      const ticket = this.ticket(one.caseId);
      if (!ticket.isDelivered(one)) {
        this.offset += 1;
        published.push(ticket.publish(one, this.epoch, this.offset));
      }
    }
    return published;
  }

  history(wants: readonly HistoryWant[]): HistorySnapshot {
    const tickets = wants.map((want) => this.ticket(want.caseId).history(want));
    return { epoch: this.epoch, offset: this.offset, upstream: this.upstream, tickets };
  }

  private ticket(caseId: CaseId): MemoryTicket {
    const known = this.tickets.get(caseId);
    if (known !== undefined) {
      return known;
    }
    const ticket = new MemoryTicket(caseId, this.limits.historyMax);
    this.tickets.set(caseId, ticket);
    return ticket;
  }

  private createSet(now: number): MemorySet {
    this.lastSetId += 1;
    const set: MemorySet = {
      ref: { ...this.ref, id: this.lastSetId },
      fence: 0,
      members: new Set(),
      joining: new Set(),
      trail: null,
      answerDigest: null,
      order: 'oldest_first',
      livelyAt: now,
      dueAt: now,
      failures: 0,
      heldUntil: 0,
    };
    this.sets.set(this.lastSetId, set);
    return set;
  }
}

function sizeOf(set: MemorySet): number {
  return set.members.size + set.joining.size;
}
