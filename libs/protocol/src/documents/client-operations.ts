import { UPSTREAM_CASE_IDS_MAX } from '#core';
import { HISTORY_DEFAULT } from '../subscribe.dto.js';
import { PAGE_DEFAULT, PAGE_MAX, SNAPSHOT_HISTORY_MAX } from '../case-messages.dto.js';
import { WAIT_MAX_S } from '../instant-messages.dto.js';
import { EVENT_SCHEMAS, READY_EXAMPLE } from '../schemas/event-schemas.js';
import { HEARTBEAT } from '../schemas/request-schemas.js';
import {
  ASKED_CASE_IDS,
  ASKED_EVENT_ID,
  CASE_ID,
  CLIENT_ID,
  GROUP_ID,
  HISTORY,
  LANGUAGE_RANGES,
} from '../schemas/terms.js';
import { json, ref, type Answer, type Operation, type Parameter } from './operation.js';

const TAG = 'Clients';

const CASE_IDS_PARAMETER: Parameter = {
  name: 'case_ids',
  in: 'query',
  required: true,
  description: 'The tickets: repeated, or with commas in between.',
  schema: ASKED_CASE_IDS,
  style: 'form',
  explode: true,
  example: ['T1', 'T2'],
};
/** `group_id` of a query. */
export const GROUP_PARAMETER: Parameter = {
  name: 'group_id',
  in: 'query',
  description: 'The group of the feed.',
  schema: { ...GROUP_ID, description: 'The group of the feed.' },
};
/** `language` of a query. */
export const LANGUAGE_PARAMETER: Parameter = { name: 'language', in: 'query', schema: LANGUAGE_RANGES };

/** `case_id` of a path. */
export const CASE_PARAMETER: Parameter = {
  name: 'case_id',
  in: 'path',
  required: true,
  description: 'The ticket.',
  schema: CASE_ID,
  example: 'T1',
};

const STREAM: Answer = {
  description:
    'An event stream: a replay, `ready`, and live events. `/docs/asyncapi` describes the events. ' +
    'What is `unavailable` for a moment is told to an EventSource in a stream, too (S1).',
  type: 'text/event-stream',
  example: `retry: 1978\nid: ${READY_EXAMPLE.last_event_id}\nevent: ready\ndata: ${JSON.stringify(READY_EXAMPLE)}\n\n`,
};

const STREAM_PARAMETERS: readonly Parameter[] = [
  CASE_IDS_PARAMETER,
  GROUP_PARAMETER,
  LANGUAGE_PARAMETER,
  { name: 'history', in: 'query', schema: HISTORY, example: 1 },
  {
    name: 'snapshot',
    in: 'query',
    description: 'Whether a snapshot of each ticket comes before live events.',
    schema: { type: 'integer', enum: [0, 1] },
  },
  {
    name: 'unread',
    in: 'query',
    description: 'Whether the unread counts of the tickets are told.',
    schema: { type: 'integer', enum: [0, 1] },
  },
  {
    name: 'last_event_id',
    in: 'query',
    description: 'The position, for clients that cannot set headers. `lastEventId` is the same.',
    schema: ASKED_EVENT_ID,
  },
  {
    name: 'Last-Event-ID',
    in: 'header',
    description: 'The position. It takes precedence over `last_event_id`.',
    schema: ASKED_EVENT_ID,
  },
  { name: 'heartbeat', in: 'query', schema: HEARTBEAT },
  { name: 'client_id', in: 'query', schema: CLIENT_ID },
];

const STREAM_BODY = { schema: ref('StreamRequest'), example: { case_ids: ['T1', 'T2'], history: 1 } };

const [SNAPSHOT_EXAMPLE] = EVENT_SCHEMAS.snapshot['examples'] as [object];
const [MESSAGE] = EVENT_SCHEMAS.message['examples'] as [{ id: string; message: object }];

/** What clients call. */
export const CLIENT_OPERATIONS: readonly Operation[] = [
  {
    method: 'get',
    path: '/v1/events',
    id: 'streamEvents',
    tag: TAG,
    summary: 'The events of tickets, as a stream (SSE)',
    description: 'PROTOCOL.md, section 6.',
    access: 'client',
    parameters: STREAM_PARAMETERS,
    answers: { 200: STREAM },
    refusals: [406],
  },
  {
    method: 'post',
    path: '/v1/events',
    id: 'streamEventsOfBody',
    tag: TAG,
    summary: 'The same stream, with the parameters in a body',
    description: 'For more tickets than a URL carries. `QUERY` (RFC 10008) is served in the same way.',
    access: 'client',
    parameters: STREAM_PARAMETERS.filter(({ name }) => name === 'Last-Event-ID'),
    body: STREAM_BODY,
    answers: { 200: STREAM },
    refusals: [406],
  },
  {
    method: 'x-query',
    path: '/v1/events',
    id: 'queryEvents',
    tag: TAG,
    summary: 'The same stream, by the method QUERY (RFC 10008)',
    access: 'client',
    body: STREAM_BODY,
    answers: { 200: STREAM },
    refusals: [406],
  },
  {
    method: 'get',
    path: '/v1/cases/{case_id}/messages',
    id: 'listCaseMessages',
    tag: TAG,
    summary: 'The history of a ticket, page by page',
    description: 'PROTOCOL.md, section 8.',
    access: 'client',
    parameters: [
      CASE_PARAMETER,
      {
        name: 'after',
        in: 'query',
        description: 'A position; without it the page begins with the oldest event.',
        schema: ASKED_EVENT_ID,
      },
      {
        name: 'before',
        in: 'query',
        description: 'A position: the page ends before it, and the next page is older (H7).',
        schema: ASKED_EVENT_ID,
      },
      {
        name: 'limit',
        in: 'query',
        description: 'Most events of the page.',
        schema: { type: 'integer', minimum: 1, maximum: PAGE_MAX, default: PAGE_DEFAULT },
        example: 10,
      },
      GROUP_PARAMETER,
      LANGUAGE_PARAMETER,
    ],
    answers: {
      200: json('A page.', ref('HistoryPage'), {
        events: [{ event: 'message', ...MESSAGE }],
        last_event_id: MESSAGE.id,
        more: false,
      }),
    },
  },
  {
    method: 'get',
    path: '/v1/cases/{case_id}/snapshot',
    id: 'readCaseSnapshot',
    tag: TAG,
    summary: 'A ticket at one position, for pages that a server renders',
    description: 'PROTOCOL.md, section 8. A stream goes on from its `id`.',
    access: 'client',
    parameters: [
      CASE_PARAMETER,
      {
        name: 'history',
        in: 'query',
        description: 'How many past events it is made of.',
        schema: { type: 'integer', minimum: 0, maximum: SNAPSHOT_HISTORY_MAX, default: HISTORY_DEFAULT },
        example: 10,
      },
      GROUP_PARAMETER,
      LANGUAGE_PARAMETER,
    ],
    answers: { 200: json('The snapshot.', ref('SnapshotEvent'), SNAPSHOT_EXAMPLE) },
  },
  {
    method: 'post',
    path: '/v1/hints',
    id: 'hint',
    tag: TAG,
    summary: 'Something happened to tickets: poll them at once',
    description: 'PROTOCOL.md, section 9. The token needs the claim `hints`.',
    access: 'client',
    body: { schema: ref('TicketsRequest'), example: { case_ids: ['T1'] } },
    answers: { 204: { description: 'The hint is taken.' } },
  },
  {
    method: 'get',
    path: '/v2/servicerequest/cases/instant-messages',
    id: 'pollInstantMessages',
    tag: 'Polling',
    summary: "The upstream's own polling contract, answered from the shared poll",
    description: 'PROTOCOL.md, section 10. Clients of the upstream need another endpoint and nothing else.',
    access: 'poll',
    parameters: [
      { ...CASE_IDS_PARAMETER, schema: { ...ASKED_CASE_IDS, maxItems: UPSTREAM_CASE_IDS_MAX } },
      {
        name: 'last_message_time_id',
        in: 'query',
        description: "The position; a cursor of the upstream's that is a time is understood, too (D2).",
        schema: ASKED_EVENT_ID,
      },
      GROUP_PARAMETER,
      {
        name: 'wait',
        in: 'query',
        description: 'How long to wait for news, seconds.',
        schema: { type: 'integer', minimum: 0, maximum: WAIT_MAX_S, default: 0 },
        example: 0,
      },
      {
        name: 'trim_osm_rich_text_label',
        in: 'query',
        description: 'It has no effect.',
        schema: { type: 'string' },
      },
      { name: 'X-Language', in: 'header', description: 'Which feed.', schema: LANGUAGE_RANGES },
      {
        name: 'X-Time-Zone',
        in: 'header',
        description: 'The zone of `create_time`; `GMT+8` if absent.',
        schema: { type: 'string', examples: ['GMT+8'] },
      },
      { name: 'If-None-Match', in: 'header', description: '`ETag` of the last answer.', schema: { type: 'string' } },
    ],
    answers: {
      200: json(
        'What is new.',
        ref('PollAnswer'),
        {
          imstatus: [{ status: 1, incident_id: 'T1' }],
          immsg: [{ incident_id: 'T1', message_list: [MESSAGE.message] }],
          last_message_time_id: MESSAGE.id,
        },
        {
          ETag: 'Entity tag of the answer.',
          'X-Request-Id': 'Id of the answer.',
          'Pollcast-Backfill': '`complete`, or `pending`: the upstream has not answered for all tickets yet (D3).',
          'Pollcast-More': '`true`: the next poll has more at once (D1).',
          'Pollcast-Gap': 'The reason of a gap (E7).',
          'Pollcast-Revoked': 'Tickets that the upstream refuses to the account (E9).',
          'Pollcast-Upstream': 'Why polling of the feed is degraded (E8).',
          'Retry-After': 'With `pending`: when to poll again, seconds.',
        },
      ),
      304: { description: 'Nothing changed since `If-None-Match`.' },
    },
  },
];
