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
  /** Requests that are under way, of which nobody wants a ticket any more: their answers say nothing of later ones. */
  private cancelled = 0;
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
    const added = caseIds.filter((id) => !this.isWanted(id));
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
    const left = this.requested.filter((id) => !caseIds.includes(id));
    if (this.isRequesting && left.length === 0) this.cancelled += 1;
    this.requested = left;
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
    this.cancelled = 0;
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
    if (position === null) return this.ask([...waiting, ...this.fresh], null);
    if (goesOn) return this.ask(waiting, position);
    const [oldest] = resuming.map((id) => this.own.get(id) ?? '').sort();
    return oldest === undefined ? this.ask([...this.fresh], null) : this.ask(resuming, oldest);
  }

  private isWanted(id: string): boolean {
    return this.joined.has(id) || this.fresh.has(id);
  }

  private ask(caseIds: readonly string[], position: string | null): Request {
    this.requested = caseIds;
    return { caseIds, position };
  }

  /** The request that is under way was refused. */
  refused(): void {
    if (!this.answersCancelled()) this.requested = [];
  }

  /** @returns null if the event came before, or nobody wants it; otherwise whether it moves the position */
  accept({ id, case_id: caseId }: TicketMessage | TicketStatus): boolean | null {
    if (!this.isWanted(caseId) || id <= (this.seen.get(caseId) ?? '')) {
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
    return moves;
  }

  /**
   * The replay has ended. Of what was added, the position may be older than that of the others; the oldest holds for all (R6). A
   * replay of some tickets says nothing of the others.
   *
   * @returns false if nobody wants any of its tickets any more
   */
  complete({ last_event_id: last }: Ready): boolean {
    if (this.answersCancelled()) return false;
    const requested = new Set(this.requested);
    const isOfAll = [...this.joined].every((id) => requested.has(id));
    for (const id of this.requested.filter((each) => this.isWanted(each))) {
      this.join(id);
      this.served.add(id);
    }
    this.requested = [];
    if (isOfAll || this.position === null || last < this.position) {
      this.position = last;
    }
    return true;
  }

  /** Whether an answer is that of a request that was cancelled: answers come in the order of requests. */
  private answersCancelled(): boolean {
    if (this.cancelled === 0) return false;
    this.cancelled -= 1;
    return true;
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
