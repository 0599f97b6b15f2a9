import type { Client } from './client-api.js';
import { ticketView, type TicketSnapshot } from './ticket-view.js';

/** A store of Svelte (`$tickets`), also an observable in its form. */
export interface TicketStore {
  subscribe(run: (snapshot: TicketSnapshot) => void): () => void;
}

/** The messages of tickets, for as long as a component reads the store. */
export function ticketStore(
  client: Client,
  caseIds: string | readonly string[],
  initial?: Partial<TicketSnapshot>,
): TicketStore {
  const view = ticketView(client, caseIds, initial);
  return {
    subscribe(run) {
      run(view.getSnapshot());
      return view.subscribe(() => run(view.getSnapshot()));
    },
  };
}
