import type { IncomingMessage } from 'node:http';
import { Refusal, StreamDto } from '#protocol';
import type { RequestReader } from '../edge/request-reader.js';
import { single, wholeNumber } from '../http/query.js';
import { lastEventIdOf, POSITION_KEYS } from './last-event-id.js';

/** `case_ids[]=a` and `case_ids[0]=a`: some libraries spell lists like that by themselves. */
const BRACKETS = /^case_ids\[\d*\]$/;

/** The keys of a query for a stream. */
const KEYS = [
  'case_ids',
  'group_id',
  'language',
  'history',
  'snapshot',
  'unread',
  'heartbeat',
  'client_id',
  ...POSITION_KEYS,
];

/** Reads the query of a `GET`. @throws {Refusal} `invalid` */
export function readQuery(reader: RequestReader, request: IncomingMessage, query: URLSearchParams): StreamDto {
  const bracketed = [...query.keys()].find((key) => BRACKETS.test(key));
  if (bracketed !== undefined) {
    const words = `the query has ${bracketed}: repeat case_ids without brackets, or join the ids with commas`;
    throw new Refusal('invalid', words);
  }
  return reader.read(StreamDto, {
    case_ids: query.getAll('case_ids').flatMap((text) => text.split(',')), // No id has a comma.
    group_id: single(query, 'group_id'),
    language: single(query, 'language'),
    history: wholeNumber(query, 'history'),
    snapshot: wholeNumber(query, 'snapshot'),
    unread: wholeNumber(query, 'unread'),
    last_event_id: lastEventIdOf(request, query),
    heartbeat: single(query, 'heartbeat'),
    client_id: single(query, 'client_id'),
  });
}

/**
 * Refuses a query next to a body: two lists of tickets would be there, and one of them would be ignored.
 *
 * @throws {Refusal} `invalid`
 */
export function refuseQuery(query: URLSearchParams): void {
  const key = [...query.keys()].find((name) => KEYS.includes(name) || BRACKETS.test(name));
  if (key !== undefined) {
    throw new Refusal('invalid', `the query has ${key}: with this method everything but access_token is in the body`);
  }
}

/**
 * Reads the body of a `POST` or `QUERY`. The header `Last-Event-ID` has precedence over the body: a client that
 * connects again sends its newest position in the header, and the body of its first request.
 *
 * @throws {Refusal} `invalid`
 */
export function readBody(reader: RequestReader, request: IncomingMessage, body: unknown): StreamDto {
  const header = request.headers['last-event-id'];
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
  return reader.read(StreamDto, header && isObject ? { ...body, last_event_id: header } : body);
}
