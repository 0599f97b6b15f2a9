import { getCurrentInstance, onMounted, onScopeDispose, shallowRef, type ShallowRef } from 'vue';

import type { Client } from './client-api.js';
import { ticketView, type TicketSnapshot } from './ticket-view.js';

/** The messages of tickets, until the component is unmounted. On a server they are `initial`, and nothing is followed. */
export function useTickets(
  client: Client,
  caseIds: string | readonly string[],
  initial?: Partial<TicketSnapshot>,
): Readonly<ShallowRef<TicketSnapshot>> {
  const view = ticketView(client, caseIds, initial);
  const snapshot = shallowRef(view.getSnapshot());
  let stop = () => {};
  const start = () => void (stop = view.subscribe(() => (snapshot.value = view.getSnapshot())));
  // A component of a server is never mounted.
  if (getCurrentInstance()) onMounted(start);
  else start();
  onScopeDispose(() => stop());
  return snapshot;
}
