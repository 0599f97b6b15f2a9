import type { TicketMessage, TicketStatus } from '#client';

/** How an entry came: with the history of the ticket, after a pause of the connection, or as it was published. */
export type Arrival = 'history' | 'caught-up' | 'live';

/** One line of a conversation. `seq` grows with time; entries that are loaded later, because they are older, have negative ones. */
export type Entry =
  | { readonly seq: number; readonly kind: 'message'; readonly event: TicketMessage; readonly arrival: Arrival }
  | { readonly seq: number; readonly kind: 'status'; readonly event: TicketStatus; readonly arrival: Arrival }
  /** From here on events are live. `caughtUp`: how many came before it, after a pause; null at the first one. */
  | { readonly seq: number; readonly kind: 'live-line'; readonly caughtUp: number | null; readonly at: number }
  /** Something is missing before this line. */
  | { readonly seq: number; readonly kind: 'gap'; readonly reason: string; readonly at: number };

type NewEntry = Entry extends infer Each ? (Each extends Entry ? Omit<Each, 'seq'> : never) : never;

/** Entries that a page keeps of one ticket. Beyond it the oldest are forgotten; scrolling up loads them again. */
export const ENTRIES_MAX = 20_000;

/** What the page has of one ticket. It is changed in place; `version` grows with each change. */
export class Conversation {
  version = 0;
  /** 0: unread, 1: read, as the upstream says; null: not known. */
  status: number | null = null;
  /** Messages that came since the reader looked last. */
  news = 0;
  /** Whether events of this ticket are delivered at the moment, and are news. */
  isLive = false;
  /** Whether its first poll is still to come: that there is no message means nothing yet. */
  isPending = false;
  revoked: 'rights' | 'upstream' | null = null;
  /** Whether older messages may be there, and from where on they are asked for; null: from the oldest that is shown. */
  hasOlder = true;
  olderFrom: string | null = null;
  lastMessage: TicketMessage | null = null;
  private entries: Entry[] = [];
  private readonly ids = new Set<string>();
  private caughtUp = 0;
  private hasBeenLive = false;

  constructor(readonly caseId: string) {}

  get first(): number {
    return this.entries[0]?.seq ?? 0;
  }

  /** The sequence number after the last entry. */
  get end(): number {
    return (this.entries.at(-1)?.seq ?? -1) + 1;
  }

  at(seq: number): Entry | undefined {
    return this.entries[seq - this.first];
  }

  get messageCount(): number {
    return this.messages;
  }
  private messages = 0;

  /** How many messages there are from this sequence number on. */
  messagesFrom(seq: number): number {
    let count = 0;
    for (let at = Math.max(seq, this.first); at < this.end; at += 1) {
      count += this.at(at)?.kind === 'message' ? 1 : 0;
    }
    return count;
  }

  /** The id of the oldest event that is kept, from which older ones are asked for. */
  get oldestId(): string | null {
    const oldest = this.entries.find((entry) => entry.kind === 'message' || entry.kind === 'status');
    return oldest && 'event' in oldest ? oldest.event.id : null;
  }

  /** @returns whether it is new here */
  add(kind: 'message' | 'status', event: TicketMessage | TicketStatus, isRead: boolean): boolean {
    if (this.ids.has(event.id)) return false;
    this.ids.add(event.id);
    // No event says that the upstream answers for the ticket again.
    if (this.isLive) this.revoked = null;
    const arrival: Arrival = this.isLive ? 'live' : this.hasBeenLive ? 'caught-up' : 'history';
    if (arrival === 'caught-up') this.caughtUp += 1;
    if (kind === 'message') {
      this.push({ kind, event: event as TicketMessage, arrival });
      this.messages += 1;
      this.lastMessage = event as TicketMessage;
      if (!isRead && arrival !== 'history') this.news += 1;
    } else {
      this.status = (event as TicketStatus).status;
      this.push({ kind, event: event as TicketStatus, arrival });
    }
    return true;
  }

  /** The replay has ended, and the first poll is complete: what comes from now on is live. */
  becomesLive(at: number): void {
    this.isPending = false;
    if (this.isLive) return;
    this.isLive = true;
    if (!this.hasBeenLive) this.push({ kind: 'live-line', caughtUp: null, at });
    else if (this.caughtUp > 0) this.push({ kind: 'live-line', caughtUp: this.caughtUp, at });
    this.hasBeenLive = true;
    this.caughtUp = 0;
    this.version += 1;
  }

  /** The replay has ended, and nobody has polled this ticket before: its history is still to come. */
  waits(): void {
    this.isPending = true;
    this.version += 1;
  }

  paused(): void {
    this.isPending = false;
    this.isLive = false;
    // The next connection says it again, before its replay.
    this.revoked = null;
    this.version += 1;
  }

  gap(reason: string, at: number): void {
    this.push({ kind: 'gap', reason, at });
  }

  /** Older events, the oldest first. @returns how many of them were new */
  prepend(events: readonly (readonly ['message' | 'status', TicketMessage | TicketStatus])[]): number {
    const fresh = events.filter(([, { id }]) => !this.ids.has(id));
    let seq = this.first - fresh.length;
    const older = fresh.map(([kind, event]): Entry => {
      this.ids.add(event.id);
      if (kind === 'message') this.messages += 1;
      return { seq: seq++, kind, event, arrival: 'history' } as Entry;
    });
    this.entries = [...older, ...this.entries];
    this.version += 1;
    return fresh.length;
  }

  seen(): void {
    if (this.news === 0) return;
    this.news = 0;
    this.version += 1;
  }

  private push(entry: NewEntry): void {
    this.entries.push({ ...entry, seq: this.end });
    if (this.entries.length > ENTRIES_MAX) this.forgetOldest();
    this.version += 1;
  }

  private forgetOldest(): void {
    for (const entry of this.entries.splice(0, ENTRIES_MAX / 10)) {
      if (!('event' in entry)) continue;
      this.ids.delete(entry.event.id);
      if (entry.kind === 'message') this.messages -= 1;
    }
    this.hasOlder = true;
    this.olderFrom = null;
  }
}
