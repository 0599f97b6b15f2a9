import { onScopeDispose, shallowRef, type ShallowRef } from 'vue';

import type { Client } from './client-api.js';
import { ticketView, type TicketSnapshot } from './ticket-view.js';

/** The messages of tickets, until the component is unmounted. */
export function useTickets(
  client: Client,
  caseIds: string | readonly string[],
  initial?: Partial<TicketSnapshot>,
): Readonly<ShallowRef<TicketSnapshot>> {
  const view = ticketView(client, caseIds, initial);
  const snapshot = shallowRef(view.getSnapshot());
  onScopeDispose(view.subscribe(() => (snapshot.value = view.getSnapshot())));
  return snapshot;
}
