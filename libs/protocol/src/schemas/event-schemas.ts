import { CLOSE_REASONS } from '../close-reasons.js';
import type { EventData, EventName } from '../events.js';
import { REFUSAL_MEMBERS } from './problem-schemas.js';
import { described, listOf, objectOf, oneOf, orNull, type JsonSchema } from './json-schema.js';
import { CASE_ID, CASE_IDS, EVENT_ID, GROUP_ID, INSTANT, RETRY_MS } from './terms.js';

const SEEN_AT = described(INSTANT, 'When the poll that found it was answered.');
const LANGUAGE = { type: 'string', description: 'The language that is served.', examples: ['zh-cn'] };

const ID = '0mwtcnjrpo8nsa-000000000003-aQ9x_T1cPzk';
const SEEN = '2026-11-23T14:17:23.698Z';

/** The members of a complete subscription: of the SSE event `ready`, and of the acknowledgement over Socket.IO. */
export const READY_MEMBERS = {
  case_ids: CASE_IDS,
  language: LANGUAGE,
  last_event_id: described(EVENT_ID, 'The client has everything of these tickets up to here.'),
  recovered: { type: 'boolean', description: 'A position was named, and nothing is missing since then.' },
  replayed: { type: 'integer', minimum: 0, description: 'How many messages and statuses the replay had.' },
  last_answer_at: orNull(
    described(
      INSTANT,
      'When the upstream last answered for the ticket that was answered for longest ago; null: never.',
    ),
  ),
  pending: described(CASE_IDS, 'Tickets whose first poll is still to come: `backfilled` says when it is complete.'),
};

export const READY_EXAMPLE: EventData['ready'] = {
  case_ids: ['T1'],
  language: 'zh-cn',
  last_event_id: ID,
  recovered: false,
  replayed: 1,
  last_answer_at: SEEN,
  pending: [],
};

const UNREAD = {
  unread_num: { type: 'integer', minimum: 0, description: 'How many messages the account has not read.' },
  status: orNull({ type: 'integer', description: 'As the upstream says it: 1 online, 0 offline; null: it does not.' }),
};

const MESSAGE = objectOf(
  {
    id: EVENT_ID,
    case_id: CASE_ID,
    message: { type: 'object', description: "The upstream's object, unchanged." },
    sent_at: orNull(described(INSTANT, '`create_time` of the message; null if it could not be read.')),
    seen_at: SEEN_AT,
  },
  { group_id: GROUP_ID },
  { description: 'A new message of a ticket.' },
);

const MESSAGE_EXAMPLE: EventData['message'] = {
  id: ID,
  case_id: 'T1',
  message: { type: 1, content: 'hello', create_time: '2026-11-23 22:17:22' },
  sent_at: '2026-11-23T14:17:22.000Z',
  seen_at: SEEN,
};

/** The data of each event, without the keywords that name the schema. */
const DATA: { readonly [Name in EventName]: { schema: JsonSchema; example: EventData[Name] } } = {
  message: { schema: MESSAGE, example: MESSAGE_EXAMPLE },
  status: {
    schema: objectOf(
      {
        id: EVENT_ID,
        case_id: CASE_ID,
        status: { type: 'integer', description: '0: unread, 1: read.' },
        seen_at: SEEN_AT,
      },
      { group_id: GROUP_ID },
      { description: 'The read status of a ticket became known, or changed.' },
    ),
    example: { id: ID, case_id: 'T1', status: 1, seen_at: SEEN },
  },
  gap: {
    schema: objectOf(
      {
        case_ids: CASE_IDS,
        reason: oneOf(
          ['history_truncated', 'unknown_position'],
          'history_truncated: history no longer goes back far enough. unknown_position: the position means nothing here.',
        ),
      },
      {
        group_id: GROUP_ID,
        after: described(EVENT_ID, 'history_truncated: what is lost is after it.'),
        before: described(EVENT_ID, 'history_truncated: what is lost is before it. Pages that go back have it (H7).'),
      },
      { description: 'Events of these tickets are lost before the events that follow. Loss is never silent.' },
    ),
    example: { case_ids: ['T1'], reason: 'history_truncated' },
  },
  upstream: {
    schema: objectOf(
      {
        state: oneOf(['ok', 'degraded']),
        since: INSTANT,
      },
      {
        group_id: GROUP_ID,
        reason: { type: 'string', description: 'Why it is degraded; absent if it is not.', examples: ['not_polled'] },
      },
      { description: 'Polling of the feed fails, or works again. Nothing is lost by it.' },
    ),
    example: { state: 'degraded', reason: 'upstream_timeout', since: SEEN },
  },
  revoked: {
    schema: objectOf(
      {
        case_ids: CASE_IDS,
        reason: oneOf(['rights', 'upstream'], 'rights: the right has ended. upstream: the upstream refuses them.'),
      },
      { group_id: GROUP_ID },
      { description: 'These tickets are no longer delivered.' },
    ),
    example: { case_ids: ['T1'], reason: 'rights' },
  },
  unread: {
    schema: objectOf(
      { id: EVENT_ID, case_id: CASE_ID, ...UNREAD, seen_at: SEEN_AT },
      { group_id: GROUP_ID },
      { description: 'The unread count of a ticket became known, or changed. Only with unread=1.' },
    ),
    example: { id: ID, case_id: 'T1', unread_num: 2, status: 1, seen_at: SEEN },
  },
  backfilled: {
    schema: objectOf(
      { case_ids: CASE_IDS },
      { group_id: GROUP_ID },
      { description: 'The first poll of these tickets is complete: everything that it found came before.' },
    ),
    example: { case_ids: ['T1'] },
  },
  snapshot: {
    schema: objectOf(
      {
        id: described(EVENT_ID, 'The position of the cut: live events come from exactly there.'),
        case_id: CASE_ID,
        status: orNull({ type: 'integer', description: '0: unread, 1: read; null: it is not known.' }),
        messages: listOf(MESSAGE, { description: 'The last messages, the oldest first.' }),
        revoked: { type: 'boolean', description: 'The upstream refuses the ticket.' },
        pending: { type: 'boolean', description: 'Its first poll is still to come: nothing is known yet.' },
      },
      { group_id: GROUP_ID, unread: orNull(objectOf(UNREAD)) },
      { description: 'A ticket at one position, before its live events. Only with snapshot=1.' },
    ),
    example: { id: ID, case_id: 'T1', status: 1, messages: [MESSAGE_EXAMPLE], revoked: false, pending: false },
  },
  closing: {
    schema: objectOf(
      { reason: oneOf(Object.keys(CLOSE_REASONS), 'Why the connection ends.'), retry_ms: RETRY_MS },
      {},
      { description: 'The last event of a connection.' },
    ),
    example: { reason: 'draining', retry_ms: 1200 },
  },
  ready: {
    schema: objectOf(READY_MEMBERS, {}, { description: 'The replay is complete; live events follow. SSE only.' }),
    example: READY_EXAMPLE,
  },
  heartbeat: {
    schema: objectOf({}, {}, { description: 'The stream is alive. SSE only, with heartbeat=event.', maxProperties: 0 }),
    example: {},
  },
  error: {
    schema: objectOf(
      { request: { type: 'string', description: 'The refused event.', maxLength: 64 }, ...REFUSAL_MEMBERS.required },
      REFUSAL_MEMBERS.optional,
      { description: 'A request without an acknowledgement was refused. Socket.IO only.' },
    ),
    example: { request: 'subscribe', code: 'forbidden', message: 'no right to these tickets', case_ids: ['T9'] },
  },
};

/** Names of all events that go to clients. */
export const EVENT_NAMES = Object.keys(DATA) as readonly EventName[];

/** The schema of the data of each event, as it is published at `/schemas/{event}.json`. */
export const EVENT_SCHEMAS = Object.fromEntries(
  EVENT_NAMES.map((name) => [
    name,
    {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: `urn:pollcast:schema:${name}`,
      title: `${name} event`,
      ...DATA[name].schema,
      examples: [DATA[name].example],
    },
  ]),
) as unknown as Readonly<Record<EventName, JsonSchema>>;
