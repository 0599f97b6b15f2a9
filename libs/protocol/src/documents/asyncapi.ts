import { EVENT_NAMES, EVENT_SCHEMAS, READY_EXAMPLE, READY_MEMBERS } from '../schemas/event-schemas.js';
import type { EventName } from '../events.js';
import { objectOf, type JsonSchema } from '../schemas/json-schema.js';
import { ERROR_BODY } from '../schemas/problem-schemas.js';
import {
  AUTHENTICATE_REQUEST,
  STREAM_REQUEST,
  SUBSCRIBE_REQUEST,
  TICKETS_REQUEST,
} from '../schemas/request-schemas.js';

/** Events that only one of the transports has. */
const SSE_ONLY: readonly EventName[] = ['ready', 'heartbeat'];
const SOCKET_IO_ONLY: readonly EventName[] = ['error'];

const REFUSED = objectOf({ ok: { const: false }, error: ERROR_BODY });
const REFUSED_EXAMPLE = {
  ok: false,
  error: { code: 'forbidden', message: 'no right to these tickets', case_ids: ['T9'] },
};

/** Requests over Socket.IO, each with its body and the members of a successful acknowledgement. */
const REQUESTS = {
  subscribe: {
    summary: 'Subscribes to tickets of a feed. The replay comes before the acknowledgement (W2).',
    body: SUBSCRIBE_REQUEST,
    example: { case_ids: ['T1', 'T2'], history: 1 },
    done: READY_MEMBERS as Readonly<Record<string, JsonSchema>>,
    doneExample: { ok: true, ...READY_EXAMPLE },
  },
  unsubscribe: {
    summary: 'Ends the subscription to tickets (W6).',
    body: TICKETS_REQUEST,
    example: { case_ids: ['T2'] },
    done: {},
    doneExample: { ok: true },
  },
  authenticate: {
    summary: 'Renews the token of the connection (W7).',
    body: AUTHENTICATE_REQUEST,
    example: { token: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl' },
    done: {},
    doneExample: { ok: true },
  },
} as const;

/** Names of the requests that a Socket.IO client may send. */
export const REQUEST_NAMES = Object.keys(REQUESTS) as readonly (keyof typeof REQUESTS)[];

const SECURITY_SCHEMES = {
  bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'Or one of the other places of A1.' },
};

/**
 * The AsyncAPI 3 document of a gateway: every event over SSE and Socket.IO, and every request over Socket.IO.
 *
 * @param version of the gateway
 */
export function asyncApiDocument(version: string): object {
  const sse = EVENT_NAMES.filter((name) => !SOCKET_IO_ONLY.includes(name));
  const socketIo = EVENT_NAMES.filter((name) => !SSE_ONLY.includes(name));
  const socketIoMessages = [...socketIo, ...REQUEST_NAMES.flatMap((name) => [name, `${name}Ack`])];
  return {
    asyncapi: '3.0.0',
    id: 'urn:pollcast:gateway',
    info: {
      title: 'Pollcast events',
      version,
      description:
        'What a gateway sends to its clients, and what they ask for. PROTOCOL.md has the requirements by their ids; ' +
        '`/openapi.json` describes the requests over HTTP. Clients ignore events and members that they do not know.',
      license: { name: 'MIT' },
    },
    defaultContentType: 'application/json',
    channels: {
      sse: {
        address: '/v1/events',
        title: 'Event stream',
        description:
          'Server-Sent Events: the name of the event, one line of JSON, and `id` where the event has a position (S3).',
        messages: messageRefs(sse),
      },
      socketIo: {
        address: '/socket.io/',
        title: 'Socket.IO',
        description: 'The default namespace, Engine.IO protocol 4, over WebSocket or long polling (section 7).',
        messages: messageRefs(socketIoMessages),
        bindings: { ws: { method: 'GET' } },
      },
    },
    operations: {
      streamEvents: sending('sse', sse, 'The replay of a subscription, then what is published.'),
      pushEvents: sending('socketIo', socketIo, 'The replays of all subscriptions, and what is published.'),
      ...Object.fromEntries(REQUEST_NAMES.map((name) => [name, receiving(name)])),
    },
    components: {
      messages: {
        ...Object.fromEntries(EVENT_NAMES.map((name) => [name, eventMessage(name)])),
        ...Object.fromEntries(REQUEST_NAMES.flatMap((name) => requestMessages(name))),
      },
      schemas: { StreamRequest: STREAM_REQUEST },
      securitySchemes: SECURITY_SCHEMES,
    },
  };
}

function messageRefs(names: readonly string[]): object {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/messages/${name}` }]));
}

function ofChannel(channel: string, names: readonly string[]) {
  return names.map((name) => ({ $ref: `#/channels/${channel}/messages/${name}` }));
}

function sending(channel: string, names: readonly string[], summary: string): object {
  return {
    action: 'send',
    channel: { $ref: `#/channels/${channel}` },
    summary,
    security: [{ $ref: '#/components/securitySchemes/bearer' }],
    messages: ofChannel(channel, names),
  };
}

function receiving(name: keyof typeof REQUESTS): object {
  return {
    action: 'receive',
    channel: { $ref: '#/channels/socketIo' },
    summary: REQUESTS[name].summary,
    security: [{ $ref: '#/components/securitySchemes/bearer' }],
    messages: ofChannel('socketIo', [name]),
    reply: { channel: { $ref: '#/channels/socketIo' }, messages: ofChannel('socketIo', [`${name}Ack`]) },
  };
}

function eventMessage(name: EventName): object {
  const { $id: _id, $schema: _dialect, examples, description, ...payload } = EVENT_SCHEMAS[name];
  const [example] = examples as [object];
  return {
    name,
    title: `${name} event`,
    summary: description,
    payload: { ...payload, description },
    examples: [{ name: 'usual', payload: example }],
  };
}

function requestMessages(name: keyof typeof REQUESTS): [string, object][] {
  const { summary, body, example, done, doneExample } = REQUESTS[name];
  return [
    [name, { name, title: `${name} request`, summary, payload: body, examples: [{ name: 'usual', payload: example }] }],
    [
      `${name}Ack`,
      {
        name: `${name}Ack`,
        title: `acknowledgement of ${name}`,
        payload: { oneOf: [objectOf({ ok: { const: true }, ...done }), REFUSED] },
        examples: [
          { name: 'done', payload: doneExample },
          { name: 'refused', payload: REFUSED_EXAMPLE },
        ],
      },
    ],
  ];
}
