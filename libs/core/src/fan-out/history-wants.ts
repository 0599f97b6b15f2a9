import type { HistoryWant } from './ports/broker.js';
import type { CaseId } from '../model/ticket.js';

/** Tickets per history call. It bounds the time for which one call blocks Redis. */
const CALL_TICKETS = 50;

/** The wanted histories, merged by ticket: for each ticket as much as the largest want. */
export class HistoryWants {
  private readonly byTicket = new Map<CaseId, HistoryWant>();

  add(wants: readonly HistoryWant[]): void {
    for (const want of wants) {
      const known = this.byTicket.get(want.caseId);
      this.byTicket.set(want.caseId, known === undefined ? want : merge(want, known));
    }
  }

  /** Removes and returns all that is wanted. */
  take(): HistoryWant[] {
    const wants = [...this.byTicket.values()];
    this.byTicket.clear();
    return wants;
  }
}

/** Splits wants into history calls of bounded size. */
export function callsOf(wants: readonly HistoryWant[]): HistoryWant[][] {
  return Array.from({ length: Math.ceil(wants.length / CALL_TICKETS) }, (_, call) =>
    wants.slice(call * CALL_TICKETS, (call + 1) * CALL_TICKETS),
  );
}

/** The furthest claim of the newest epoch. Epochs grow, so no other claim can belong to the feed's present epoch. */
export function claimOf(wants: readonly HistoryWant[]): Pick<HistoryWant, 'claim'> {
  const claims = wants.flatMap(({ claim }) => claim ?? []);
  const [claim] = claims.sort((a, b) => (a.epoch === b.epoch ? b.offset - a.offset : a.epoch < b.epoch ? 1 : -1));
  return claim === undefined ? {} : { claim };
}

function merge(want: HistoryWant, other: HistoryWant): HistoryWant {
  const afters = [want.after, other.after].filter((after) => after !== null);
  return {
    caseId: want.caseId,
    atLeast: Math.max(want.atLeast, other.atLeast),
    after: afters.length > 0 ? Math.min(...afters) : null,
    ...claimOf([want, other]),
  };
}
