import { DestroyRef, inject, PLATFORM_ID, signal, type Signal } from '@angular/core';

import type { Client } from './client-api.js';
import type { ConnectionState } from './events.js';
import { ticketView, type TicketSnapshot } from './ticket-view.js';

/**
 * The messages of tickets as a signal, until the component or service that asks for them is destroyed. Call it where `inject()`
 * may be called. On a server the signal has `initial`, and nothing is followed.
 */
export function injectTickets(
  client: Client,
  caseIds: string | readonly string[],
  initial?: Partial<TicketSnapshot>,
): Signal<TicketSnapshot> {
  const view = ticketView(client, caseIds, initial);
  return watched(view.getSnapshot, view.subscribe);
}

/** What the connection does, for a line that people see. */
export function injectConnectionState(client: Client): Signal<ConnectionState> {
  return watched(
    () => client.state,
    (changed) => client.onState(changed),
  );
}

function watched<T>(get: () => T, subscribe: (changed: () => void) => () => void): Signal<T> {
  const value = signal(get());
  if (inject(PLATFORM_ID) !== 'server') inject(DestroyRef).onDestroy(subscribe(() => value.set(get())));
  return value.asReadonly();
}
