import type { IncomingMessage } from 'node:http';
import { single } from '../http/query.js';

/**
 * Where a client says from which position it goes on, the newest first: what it sends when it comes back by itself is
 * newer than the URL that it was made with. `lastEventId` is what event-source-polyfill adds to that URL, `Last-Event-ID`
 * what clients of Mercure write into it.
 */
export const POSITION_KEYS = ['lastEventId', 'Last-Event-ID', 'last_event_id'] as const;

/** The position that a request names. Several stay several, for validation to refuse: none may be ignored silently. */
export function lastEventIdOf({ headers }: IncomingMessage, query: URLSearchParams): string | string[] | undefined {
  const header = headers['last-event-id'];
  if (header) {
    return header;
  }
  for (const key of POSITION_KEYS) {
    const value = single(query, key);
    if (value !== undefined) {
      return value;
    }
  }
  return undefined;
}
