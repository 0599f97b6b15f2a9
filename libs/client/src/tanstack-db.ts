import type { SyncConfig } from '@tanstack/db';

import type { Client, Handlers } from './client-api.js';
import type { TicketMessage } from './events.js';

/** What `createCollection` of TanStack DB takes. */
export interface TicketCollectionOptions {
  readonly id: string;
  readonly getKey: (message: TicketMessage) => string;
  readonly sync: SyncConfig<TicketMessage, string>;
}

/**
 * A collection of TanStack DB with the messages of tickets. The tickets are followed for as long as somebody uses the collection,
 * and it is ready when the replay has ended. Nobody can write to it.
 *
 * @param handlers for what is no row: `onGap`, `onRevoked`, `onStatus`
 */
export function ticketCollectionOptions(
  client: Client,
  caseIds: string | readonly string[],
  handlers: Omit<Handlers, 'onMessage'> = {},
): TicketCollectionOptions {
  return {
    id: `pollcast:${String(caseIds)}`,
    getKey: ({ id }) => id,
    sync: {
      rowUpdateMode: 'full',
      sync: ({ begin, write, commit, markReady, collection }) => {
        const subscription = client.subscribe(caseIds, {
          ...handlers,
          onMessage: (message) => {
            if (collection.has(message.id)) return undefined;
            begin();
            write({ type: 'insert', value: message });
            return commit();
          },
          onReady: (ready) => {
            markReady();
            return handlers.onReady?.(ready);
          },
        });
        return () => subscription.unsubscribe();
      },
    },
  };
}
