import { oneOf } from '../schemas/json-schema.js';
import { CASE_PARAMETER, GROUP_PARAMETER, LANGUAGE_PARAMETER } from './client-operations.js';
import { json, ref, type Operation } from './operation.js';

/** Tickets as streams of the Durable Streams protocol. */
export const DURABLE_OPERATIONS: readonly Operation[] = [
  {
    method: 'get',
    path: '/v1/streams/cases/{case_id}',
    id: 'readStream',
    tag: 'Clients',
    summary: 'A ticket as a stream of the Durable Streams protocol',
    description: 'PROTOCOL.md, section 13. It is for reading alone.',
    access: 'client',
    parameters: [
      CASE_PARAMETER,
      {
        name: 'offset',
        in: 'query',
        description: '`Stream-Next-Offset` of the last answer, `-1` for the beginning, `now` for the end.',
        schema: { type: 'string', minLength: 1, maxLength: 64 },
        example: '-1',
      },
      {
        name: 'live',
        in: 'query',
        description:
          'Absent: what there is. `long-poll`: waits for news. `sse`: events as they come. They need `offset`.',
        schema: oneOf(['long-poll', 'sse']),
      },
      {
        name: 'cursor',
        in: 'query',
        description: '`Stream-Cursor` of the last answer.',
        schema: { type: 'string', pattern: '^[0-9]{1,15}$' },
      },
      GROUP_PARAMETER,
      LANGUAGE_PARAMETER,
    ],
    answers: {
      200: {
        ...json('What comes after the offset, or an event stream with `data` and `control`.', ref('StreamEvents'), [], {
          'Stream-Next-Offset': 'The offset of the next read.',
          'Stream-Up-To-Date': '`true`: there is no more at present.',
          'Pollcast-Backfill': '`complete`, or `pending`: the upstream has not answered for the ticket yet.',
          'Stream-Cursor': 'With `live=long-poll`: the `cursor` of the next read.',
          ETag: 'Entity tag of the answer; not with `offset=now`.',
        }),
        others: ['text/event-stream'],
      },
      204: { description: 'A long poll without news.' },
      304: { description: 'Nothing changed since `If-None-Match`.' },
    },
    refusals: [410],
  },
];
