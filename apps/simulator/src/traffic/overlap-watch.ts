import { type Query } from '../messages/query.js';
import { type Ticket } from '../messages/ticket.js';

/**
 * Counts requests for a ticket while another request for it is in flight. A deployment must never send such requests
 * (invariant 1 in ARCHITECTURE.md). Requests in different languages are different polls.
 *
 * Requests that are answered at once cannot overlap, so a test has to set a latency.
 */
export class OverlapWatch {
  /** Requests that overlapped with another one. */
  overlaps = 0;
  private readonly inFlight = new Map<string, Map<Ticket, number>>();

  begin(query: Query, language: string): void {
    let counts = this.inFlight.get(language);
    if (!counts) this.inFlight.set(language, (counts = new Map<Ticket, number>()));
    let overlaps = false;
    for (const ticket of query.tickets) {
      const before = counts.get(ticket) ?? 0;
      overlaps ||= before > 0;
      counts.set(ticket, before + 1);
    }
    if (overlaps) this.overlaps += 1;
  }

  end(query: Query, language: string): void {
    const counts = this.inFlight.get(language);
    if (!counts) return;
    for (const ticket of query.tickets) {
      const left = (counts.get(ticket) ?? 0) - 1;
      if (left > 0) counts.set(ticket, left);
      else counts.delete(ticket);
    }
    if (counts.size === 0) this.inFlight.delete(language);
  }
}
