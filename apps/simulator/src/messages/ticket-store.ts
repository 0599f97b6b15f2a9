import { type Clock } from '../clock.js';
import { type Quirks } from '../quirks.js';
import { Message, type MessageFields } from './message.js';
import { type ReadStatus, Ticket } from './ticket.js';

export interface Posting {
  readonly caseId: string;
  readonly groupId?: string;
  /** The message's own time; now unless given. */
  readonly timeMs?: number;
  /** Time from now until it is visible; drawn from `visibility_delay_ms` unless given. */
  readonly visibleInMs?: number;
  /** `is_first_message` is derived from the ticket unless given. */
  readonly fields: Omit<MessageFields, 'is_first_message'> & { readonly is_first_message?: number };
  /** Members as JSON text, see {@link Message}. */
  readonly extra: string;
}

/**
 * All tickets. A ticket exists as soon as a request or a posting names it. Messages are never dropped: without all
 * postings, a test could not prove that a message was lost.
 */
export class TicketStore {
  /** Changes with every change of a status. A rendered status list is valid until then. */
  statusVersion = 0;
  /** The number of the newest message; 0 before the first. */
  lastSeq = 0;
  private readonly groups = new Map<string | undefined, Map<string, Ticket>>();

  constructor(
    private readonly clock: Clock,
    private readonly quirks: Quirks,
  ) {}

  ticket(caseId: string, groupId?: string): Ticket {
    let group = this.groups.get(groupId);
    if (!group) this.groups.set(groupId, (group = new Map<string, Ticket>()));
    let ticket = group.get(caseId);
    if (!ticket) group.set(caseId, (ticket = new Ticket(caseId, groupId)));
    return ticket;
  }

  post(posting: Posting): Message {
    const ticket = this.ticket(posting.caseId, posting.groupId);
    const now = this.clock.now();
    const delayMs = posting.visibleInMs ?? this.quirks.draw(this.quirks.current.visibility_delay_ms);
    const fields = { is_first_message: ticket.messages.length === 0 ? 1 : 0, ...posting.fields };
    this.lastSeq += 1;
    const message = new Message(this.lastSeq, posting.timeMs ?? now, now + delayMs, fields, posting.extra);
    ticket.add(message);
    return message;
  }

  setStatus(caseId: string, groupId: string | undefined, status: ReadStatus): void {
    this.ticket(caseId, groupId).status = status;
    this.statusVersion += 1;
  }

  *tickets(): Iterable<Ticket> {
    for (const group of this.groups.values()) yield* group.values();
  }

  /** Empties every ticket. The tickets stay, because parsed queries refer to them. Sequence numbers go on. */
  clear(): void {
    for (const ticket of this.tickets()) ticket.clear();
    this.statusVersion += 1;
  }
}
