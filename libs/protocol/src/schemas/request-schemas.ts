import { objectOf, oneOf, orNull, type JsonSchema } from './json-schema.js';
import { ASKED_CASE_IDS, ASKED_EVENT_ID, CLIENT_ID, GROUP_ID, HISTORY, LANGUAGE_RANGES } from './terms.js';

/** Whether snapshots come first. */
export const SNAPSHOT: JsonSchema = {
  type: ['integer', 'boolean'],
  enum: [0, 1, false, true],
  description: 'Whether a snapshot of each ticket comes before live events.',
};

const TICKETS = { group_id: orNull(GROUP_ID), language: orNull(LANGUAGE_RANGES) };
const SUBSCRIBE = {
  ...TICKETS,
  last_event_id: orNull(ASKED_EVENT_ID),
  history: orNull(HISTORY),
  snapshot: orNull(SNAPSHOT),
  unread: orNull({ ...SNAPSHOT, description: 'Whether the unread counts of the tickets are told.' }),
};

/** Which heartbeat a silent stream gets. */
export const HEARTBEAT = oneOf(
  ['comment', 'event'],
  'What a silent stream gets: a comment line, or the event `heartbeat`.',
);

/** Tickets of one feed: the body of `unsubscribe`, and of a hint. */
export const TICKETS_REQUEST: JsonSchema = objectOf({ case_ids: ASKED_CASE_IDS }, TICKETS);

/** The body of `subscribe`. */
export const SUBSCRIBE_REQUEST: JsonSchema = objectOf({ case_ids: ASKED_CASE_IDS }, SUBSCRIBE);

/** The body of a request for an event stream. */
export const STREAM_REQUEST: JsonSchema = objectOf(
  { case_ids: ASKED_CASE_IDS },
  { ...SUBSCRIBE, client_id: orNull(CLIENT_ID), heartbeat: orNull(HEARTBEAT) },
);

/** The body of `authenticate`. */
export const AUTHENTICATE_REQUEST: JsonSchema = objectOf({
  token: { type: 'string', minLength: 1, maxLength: 16_384, description: 'The new token, of the same subject.' },
});
