import type { EventName } from '../events.js';
import { EVENT_SCHEMAS } from './event-schemas.js';
import { described, listOf, objectOf, oneOf, orNull, type JsonSchema } from './json-schema.js';
import { ASKED_EVENT_ID, CASE_ID, EVENT_ID } from './terms.js';

/** The events that a page of history can have. */
const HISTORY_EVENTS = ['message', 'status', 'gap'] as const satisfies readonly EventName[];

/** The data of an event, with the event's name as its first member. */
function historyEvent(name: EventName): JsonSchema {
  const { properties, required } = EVENT_SCHEMAS[name] as { properties: object; required: readonly string[] };
  return { type: 'object', properties: { event: { const: name }, ...properties }, required: ['event', ...required] };
}

/** One page of a ticket's history. */
export const HISTORY_PAGE: JsonSchema = objectOf(
  {
    events: listOf({ oneOf: HISTORY_EVENTS.map(historyEvent) }, { description: 'In the order of their ids.' }),
    last_event_id: described(EVENT_ID, 'The next page begins after it, or a stream goes on from it.'),
    more: { type: 'boolean', description: 'Whether there is another page.' },
  },
  {
    before: orNull(
      described(ASKED_EVENT_ID, 'Of a page that goes back: what the next one asks for as before; null: there is none.'),
    ),
  },
);

/** What a read of a ticket's Durable Stream has. */
export const STREAM_EVENTS: JsonSchema = listOf({ oneOf: (['message', 'status'] as const).map(historyEvent) });

/** The upstream's answer to a poll. */
export const POLL_ANSWER: JsonSchema = objectOf({
  imstatus: listOf(
    objectOf({ status: { type: 'integer', description: '0: unread, 1: read.' }, incident_id: CASE_ID }),
    { description: 'The read status of each ticket whose status is known.' },
  ),
  immsg: listOf(objectOf({ incident_id: CASE_ID, message_list: listOf({ type: 'object' }) }), {
    description: 'What is new, by ticket. A message is as the upstream wrote it.',
  }),
  last_message_time_id: described(EVENT_ID, 'The position for the next poll.'),
});

export const LIVENESS: JsonSchema = objectOf({ status: { const: 'ok' } });

export const READINESS: JsonSchema = objectOf({
  status: oneOf(['ok', 'not ready']),
  checks: {
    type: 'object',
    description: 'What the gateway needs, by name.',
    additionalProperties: oneOf(['ok', 'failing', 'draining']),
  },
});
