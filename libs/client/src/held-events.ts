import type { EventData, GatewayEvent } from './events.js';

type Publication = Extract<GatewayEvent, { name: 'message' | 'status' }>;

interface HeldTicket {
  readonly events: Publication[];
  /** Everything after this id is held; null: nothing is known yet. */
  completeAfter: string | null;
}

/** The last events of tickets, and since when they are complete. */
export class HeldEvents {
  private readonly tickets = new Map<string, HeldTicket>();

  /**
   * @param history how many of the last events a reader without a position gets
   * @param most how many of the last events of a ticket are held
   */
  constructor(
    private readonly history: number,
    private readonly most: number,
  ) {}

  add(event: Publication): void {
    const { case_id: caseId, id } = event.data;
    const ticket = this.ticket(caseId);
    ticket.completeAfter ??= id;
    ticket.events.push(event);
    if (ticket.events.length <= this.most) return;
    ticket.completeAfter = ticket.events.shift()?.data.id ?? id;
  }

  /** Everything after this position will be added. The first event of a ticket says so, too. */
  begin(caseIds: readonly string[], position: string): void {
    for (const id of caseIds) this.ticket(id).completeAfter ??= position;
  }

  /**
   * The events since a position, in the order of their ids; null if they are not all held. Without a position, the last ones
   * of each ticket.
   */
  since(caseIds: ReadonlySet<string>, position: string | null): Publication[] | null {
    const tickets = [...caseIds].map((id) => this.ticket(id));
    const isHeld = ({ completeAfter }: HeldTicket) => completeAfter !== null && completeAfter <= (position ?? '');
    if (position !== null && !tickets.every(isHeld)) return null;
    const chosen = tickets.flatMap(({ events }) =>
      position === null
        ? events.slice(events.length - Math.min(events.length, this.history))
        : events.filter(({ data }) => data.id > position),
    );
    return chosen.sort(byId);
  }

  forget(caseId: string): void {
    this.tickets.delete(caseId);
  }

  private ticket(id: string): HeldTicket {
    const ticket = this.tickets.get(id) ?? { events: [], completeAfter: null };
    this.tickets.set(id, ticket);
    return ticket;
  }
}

const byId = (one: { data: EventData['message' | 'status'] }, other: { data: EventData['message' | 'status'] }) =>
  one.data.id < other.data.id ? -1 : 1;
