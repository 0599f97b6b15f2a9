import type { IncomingMessage } from 'node:http';
import { single } from '../http/query.js';

/**
 * The query keys that may hold the position of a client, the newest first. A key that the client's library adds when it
 * connects again is newer than the key of the original URL. event-source-polyfill adds `lastEventId`, clients of
 * Mercure use `Last-Event-ID`.
 */
export const POSITION_KEYS = ['lastEventId', 'Last-Event-ID', 'last_event_id'] as const;

/**
 * The position that a request names. Several values are returned as a list, which validation refuses: none may be
 * ignored silently.
 */
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
