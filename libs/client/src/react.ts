import { useMemo, useSyncExternalStore } from 'react';

import type { Client } from './client-api.js';
import type { ConnectionState } from './events.js';
import { ticketView, type TicketSnapshot } from './ticket-view.js';

/** The messages of one ticket. `initial` is what the server has rendered. */
export function useTicket(client: Client, caseId: string, initial?: Partial<TicketSnapshot>): TicketSnapshot {
  return useTickets(client, [caseId], initial);
}

/** The messages of several tickets, in one list. */
export function useTickets(
  client: Client,
  caseIds: readonly string[],
  initial?: Partial<TicketSnapshot>,
): TicketSnapshot {
  const key = caseIds.join(','); // An id has no comma.

  const view = useMemo(() => ticketView(client, key.split(','), initial), [client, key]);
  return useSyncExternalStore(view.subscribe, view.getSnapshot, view.getSnapshot);
}

/** What the connection does, for a line that people see. */
export function useConnectionState(client: Client): ConnectionState {
  return useSyncExternalStore(
    (changed) => client.onState(changed),
    () => client.state,
    () => client.state,
  );
}
