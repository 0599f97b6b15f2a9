import type { Ready, TicketMessage, TicketStatus, Transport } from './events.js';
import type { Kept, Request } from './machine-io.js';

/**
 * Which tickets are wanted, and up to which position each of them has come.
 *
 * There is one position for all tickets. A ticket that is added does not share it before it was replayed: its last events are
 * older than what the others have got.
 */
export class Tickets {
  /** Everything up to {@link position} has come of these. */
  private readonly joined = new Set<string>();
  /** These have not been replayed yet. */
  private readonly fresh = new Set<string>();
  /** These are delivered by the present connection. */
  private readonly served = new Set<string>();
  /** The last id that came of each: what comes again is dropped. */
  private readonly seen = new Map<string, string>();
  /** Where tickets that are not joined go on: those of a store, and those whose first replay was cut. */
  private readonly own = new Map<string, string>();
  /** Those of the request that is under way. */
  private requested: readonly string[] = [];
  position: string | null = null;

  get isEmpty(): boolean {
    return this.joined.size + this.fresh.size === 0;
  }

  get isRequesting(): boolean {
    return this.requested.length > 0;
  }

  /** Whether the connection delivers everything that is wanted. */
  get isWhole(): boolean {
    return this.fresh.size === 0 && [...this.joined].every((id) => this.served.has(id));
  }

  /** What a store keeps; null before anything has come. */
  get kept(): Kept | null {
    return this.position === null ? null : { position: this.position, caseIds: [...this.joined] };
  }

  restore({ position, caseIds }: Kept): void {
    this.position = position;
    caseIds.forEach((id) => this.own.set(id, position));
    this.resuming.forEach((id) => this.join(id));
  }

  /** @returns whether any of them is new */
  add(caseIds: readonly string[]): boolean {
    const added = caseIds.filter((id) => !this.joined.has(id) && !this.fresh.has(id));
    added.forEach((id) => this.fresh.add(id));
    return added.length > 0;
  }

  remove(caseIds: readonly string[]): void {
    for (const id of caseIds) {
      for (const set of [this.joined, this.fresh, this.served, this.seen]) {
        set.delete(id);
      }
      this.own.delete(id);
    }
  }

  /** The gateway does not know the position any more. */
  forgetPosition(): void {
    this.position = null;
    this.own.clear();
  }

  /** A new connection delivers nothing yet. */
  disconnected(): void {
    this.served.clear();
    this.requested = [];
  }

  /**
   * A request names a position, or gets the last events of its tickets. So tickets that are added have a request of their own:
   * on a stream before the others go on, on a Socket.IO connection after it.
   */
  next(transport: Transport): Request {
    const waiting = [...this.joined].filter((id) => !this.served.has(id));
    const { position } = this;
    const { resuming } = this;
    const goesOn = transport === 'socket.io' ? waiting.length > 0 : this.fresh.size === 0;
    const request: Request =
      position === null
        ? { caseIds: [...waiting, ...this.fresh], position }
        : goesOn
          ? { caseIds: waiting, position }
          : resuming.length > 0
            ? { caseIds: resuming, position: resuming.map((id) => this.own.get(id) ?? '').sort()[0] ?? null }
            : { caseIds: [...this.fresh], position: null };
    this.requested = request.caseIds;
    return request;
  }

  /** The request that is under way was refused. */
  refused(): void {
    this.requested = [];
  }

  /** @returns null if the event came before, or nobody wants it; otherwise whether it moves the position */
  accept({ id, case_id: caseId }: TicketMessage | TicketStatus): { readonly moves: boolean } | null {
    if ((!this.joined.has(caseId) && !this.fresh.has(caseId)) || id <= (this.seen.get(caseId) ?? '')) {
      return null;
    }
    this.seen.set(caseId, id);
    // A replay of all tickets is in the order of ids (R5), so from its first event on they share a position.
    if (this.joined.size === 0) {
      this.requested.filter((each) => this.fresh.has(each)).forEach((each) => this.join(each));
    }
    const moves = this.joined.has(caseId);
    if (moves) this.position = id;
    else this.own.set(caseId, id);
    return { moves };
  }

  /** The replay has ended. Of what was added, the position may be older than that of the others; the oldest holds for all (R6). */
  complete({ last_event_id: last }: Ready): void {
    const isAdded = this.joined.size > 0 && this.requested.some((id) => this.fresh.has(id));
    for (const id of this.requested.filter((each) => this.joined.has(each) || this.fresh.has(each))) {
      this.join(id);
      this.served.add(id);
    }
    this.requested = [];
    if (!isAdded || this.position === null || last < this.position) {
      this.position = last;
    }
  }

  /** What comes twice from the oldest of their positions is dropped. */
  private get resuming(): string[] {
    return [...this.fresh].filter((id) => this.own.has(id));
  }

  private join(id: string): void {
    this.fresh.delete(id);
    this.own.delete(id);
    this.joined.add(id);
  }
}
