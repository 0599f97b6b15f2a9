import type { Client, Subscription } from './client-api.js';
import type { Gap, GatewayEvent, TicketMessage } from './events.js';

/** What a page shows of its tickets. Each change makes a new object. */
export interface TicketSnapshot {
  /** In the order of their ids, which is the order in which they became known. */
  readonly messages: readonly TicketMessage[];
  /** 0: unread, 1: read, by ticket. */
  readonly status: Readonly<Record<string, number>>;
  /** How many messages the gateway's account has not read, by ticket, if `connect` asks for `unread`. */
  readonly unread: Readonly<Record<string, number>>;
  /** Whether the replay has ended: an empty list means that there is no message, unless the ticket is pending. */
  readonly isReady: boolean;
  /** Tickets of which nothing is known yet: their first poll is still to come. */
  readonly pending: readonly string[];
  /** Set when something is missing. */
  readonly gap: Gap | null;
  /** Tickets that may not be read any more. */
  readonly revoked: readonly string[];
}

/** A list that frameworks can watch: the contract of React's `useSyncExternalStore`. */
export interface TicketView {
  readonly getSnapshot: () => TicketSnapshot;
  /** The tickets are followed from the first listener to the last. @returns how to stop listening */
  readonly subscribe: (changed: () => void) => () => void;
}

const EMPTY: TicketSnapshot = {
  messages: [],
  status: {},
  unread: {},
  isReady: false,
  pending: [],
  gap: null,
  revoked: [],
};

/** @param initial what a server has rendered; events that it has do not come again */
export function ticketView(
  client: Client,
  caseIds: string | readonly string[],
  initial: Partial<TicketSnapshot> = {},
): TicketView {
  let snapshot: TicketSnapshot = { ...EMPTY, ...initial };
  let subscription: Subscription | null = null;
  const listeners = new Set<() => void>();
  const change = (next: Partial<TicketSnapshot>) => {
    snapshot = { ...snapshot, ...next };
    listeners.forEach((changed) => changed());
  };
  const known = new Set(snapshot.messages.map(({ id }) => id));
  const start = () =>
    client.subscribe(caseIds, {
      onMessage: (event) => {
        if (known.has(event.id)) return;
        known.add(event.id);
        change({ messages: [...snapshot.messages, event] });
      },
      onStatus: ({ case_id: id, status }) => change({ status: { ...snapshot.status, [id]: status } }),
      onUnread: ({ case_id: id, unread_num: count }) => change({ unread: { ...snapshot.unread, [id]: count } }),
      onReady: ({ case_ids: ids, pending = [] }) =>
        change({ isReady: true, pending: [...snapshot.pending.filter((id) => !ids.includes(id)), ...pending] }),
      onBackfilled: ({ case_ids: ids }) => change({ pending: snapshot.pending.filter((id) => !ids.includes(id)) }),
      onGap: (gap) => change({ gap }),
      onRevoked: ({ case_ids: ids }) => change({ revoked: [...new Set([...snapshot.revoked, ...ids])] }),
    });
  return {
    getSnapshot: () => snapshot,
    subscribe(changed) {
      // React's StrictMode subscribes twice with the same function.
      const listener = () => changed();
      listeners.add(listener);
      subscription ??= start();
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        subscription?.unsubscribe();
        subscription = null;
      };
    },
  };
}

/** The messages among the events of `GET /v1/cases/{id}/messages`, for {@link ticketView}'s `initial`. */
export function messagesOf(events: readonly (GatewayEvent | { readonly event: string })[]): TicketMessage[] {
  return events.filter((each) => 'event' in each && each.event === 'message') as unknown as TicketMessage[];
}
