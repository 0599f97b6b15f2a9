import type { Query, QueryFunctionContext } from '@tanstack/query-core';

import type { Client } from './client-api.js';
import { ticketView, type TicketSnapshot, type TicketView } from './ticket-view.js';

export type TicketQueryKey = readonly ['pollcast', ...string[]];

/** What `useQuery`, `createQuery`, `injectQuery` and `QueryObserver` of TanStack Query take. */
export interface TicketQueryOptions {
  readonly queryKey: TicketQueryKey;
  readonly queryFn: (context: QueryFunctionContext<TicketQueryKey>) => Promise<TicketSnapshot>;
  /** Each change makes a new object, which nobody has to compare. */
  readonly structuralSharing: false;
  readonly initialData?: TicketSnapshot;
}

/** Queries whose tickets are followed: asking again, for a window that gets the focus, begins nothing anew. */
const followed = new WeakMap<Query, TicketView>();

/**
 * A query of TanStack Query with the messages of tickets. It has data when the replay has ended. The data changes with each event
 * while somebody observes the query.
 *
 * @param initial what a server has rendered
 */
export function ticketQueryOptions(
  client: Client,
  caseIds: string | readonly string[],
  initial?: Partial<TicketSnapshot>,
): TicketQueryOptions {
  const ids = typeof caseIds === 'string' ? [caseIds] : caseIds;
  return {
    queryKey: ['pollcast', ...ids],
    // Later the connection does not go on from where `initial` ended, so it counts once.
    queryFn: (context) => follow(context, (isFirst) => ticketView(client, ids, isFirst ? initial : undefined)),
    structuralSharing: false,
    ...(initial && { initialData: ticketView(client, ids, initial).getSnapshot() }),
  };
}

function follow(
  { client: queries, queryKey, signal }: QueryFunctionContext<TicketQueryKey>,
  begin: (isFirst: boolean) => TicketView,
): Promise<TicketSnapshot> {
  const cache = queries.getQueryCache();
  const query = cache.find({ queryKey, exact: true }) as Query;
  const known = followed.get(query);
  if (known) return Promise.resolve(known.getSnapshot());
  const view = begin(query.state.dataUpdateCount === 0);
  followed.set(query, view);
  return new Promise((resolve) => {
    let isTold = false;
    const tell = () => void queries.setQueryData(queryKey, view.getSnapshot());
    const changed = () => {
      if (!view.getSnapshot().isReady) return;
      if (isTold) return tell();
      isTold = true;
      resolve(view.getSnapshot());
      // What comes before the query has taken the first data would be replaced by it. A prefetch has no observer.
      setTimeout(() => (query.getObserversCount() > 0 ? tell() : end()));
    };
    const stopFollowing = view.subscribe(changed);
    const stopWatching = cache.subscribe((event) => {
      if (event.query !== query) return;
      if (event.type === 'removed') end();
      // React's StrictMode takes an observer away and brings it back.
      if (event.type === 'observerRemoved') setTimeout(() => query.getObserversCount() === 0 && end());
    });
    const end = () => {
      stopFollowing();
      stopWatching();
      if (followed.get(query) === view) followed.delete(query);
    };
    signal.addEventListener('abort', end);
    changed();
  });
}
