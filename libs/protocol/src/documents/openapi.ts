import * as admin from '../schemas/admin-schemas.js';
import { HISTORY_PAGE, LIVENESS, POLL_ANSWER, READINESS, STREAM_EVENTS } from '../schemas/answer-schemas.js';
import { EVENT_NAMES, EVENT_SCHEMAS } from '../schemas/event-schemas.js';
import type { JsonSchema } from '../schemas/json-schema.js';
import { PROBLEM, UPSTREAM_ERROR } from '../schemas/problem-schemas.js';
import { STREAM_REQUEST, TICKETS_REQUEST } from '../schemas/request-schemas.js';
import { CLIENT_OPERATIONS } from './client-operations.js';
import { DURABLE_OPERATIONS } from './durable-operations.js';
import { DOCS_OPERATIONS } from './docs-operations.js';
import type { Access, Answer, Operation } from './operation.js';
import { ADMIN_OPERATIONS, HEALTH_OPERATIONS } from './operator-operations.js';
import { refusalComponents, refusalsOf } from './refusals.js';

/** Every operation that a gateway serves over HTTP, but for Socket.IO, which AsyncAPI describes. */
export const OPERATIONS: readonly Operation[] = [
  ...CLIENT_OPERATIONS,
  ...DURABLE_OPERATIONS,
  ...HEALTH_OPERATIONS,
  ...ADMIN_OPERATIONS,
  ...DOCS_OPERATIONS,
];

const DESCRIPTION = [
  'Pollcast polls an API once for all clients and pushes what is new. PROTOCOL.md has the requirements by their ids.',
  'Every path answers `HEAD` like `GET` without a body, and `OPTIONS` with `Allow`. Another method is refused with 405.',
  'A web page of another origin is refused with 403, unless `ALLOWED_ORIGINS` names it.',
  'Every answer has `X-Content-Type-Options: nosniff` and the other security headers of PROTOCOL.md, A8.',
  'Clients ignore members that they do not know: new ones come without a new version.',
].join('\n\n');

const SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  ...Object.fromEntries(EVENT_NAMES.map((name) => [eventSchemaName(name), embedded(EVENT_SCHEMAS[name])])),
  StreamRequest: STREAM_REQUEST,
  TicketsRequest: TICKETS_REQUEST,
  HistoryPage: HISTORY_PAGE,
  PollAnswer: POLL_ANSWER,
  StreamEvents: STREAM_EVENTS,
  Problem: PROBLEM,
  UpstreamError: UPSTREAM_ERROR,
  Liveness: LIVENESS,
  Readiness: READINESS,
  AdminIndex: admin.ADMIN_INDEX,
  CaseReport: admin.CASE_REPORT,
  CasePolled: admin.CASE_POLLED,
  CaseReleased: admin.CASE_RELEASED,
  ConnectionsPage: admin.CONNECTIONS_PAGE,
  FeedReport: admin.FEED_REPORT,
  FeedsPage: admin.FEEDS_PAGE,
  Gateways: admin.GATEWAYS,
  LogLevelRequest: admin.LOG_LEVEL_REQUEST,
  LogLevelSet: admin.LOG_LEVEL_SET,
  RevocationRequest: admin.REVOCATION_REQUEST,
  Revocation: admin.REVOCATION,
  RevocationsPage: admin.REVOCATIONS_PAGE,
  SetsPage: admin.SETS_PAGE,
  Workers: admin.WORKERS,
};

const SECURITY_SCHEMES = {
  bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: '`AUTH_MODE` says which tokens count.' },
  authToken: { type: 'apiKey', in: 'header', name: 'X-Auth-Token' },
  cookie: { type: 'apiKey', in: 'cookie', name: 'pollcast_token', description: 'For pages of an allowed origin (A7).' },
  accessToken: { type: 'apiKey', in: 'query', name: 'access_token', description: 'For clients without headers.' },
  signature: {
    type: 'apiKey',
    in: 'header',
    name: 'Authorization',
    description: '`SDK-HMAC-SHA256 …`, as the SDKs of the upstream sign, with a key of `DROPIN_ACCESS_KEYS_FILE` (D6).',
  },
  adminToken: { type: 'http', scheme: 'bearer', description: '`ADMIN_TOKEN`' },
  adminPassword: { type: 'http', scheme: 'basic', description: '`ADMIN_TOKEN` as the password, any user name.' },
};

const TOKENS = [{ bearer: [] }, { authToken: [] }, { cookie: [] }, { accessToken: [] }];

const SECURITY: Readonly<Record<Access, readonly object[]>> = {
  client: TOKENS,
  poll: [...TOKENS, { signature: [] }],
  operator: [{ adminToken: [] }, { adminPassword: [] }],
  public: [],
};

const HEADERS = {
  'Retry-After': { description: 'Seconds until the next attempt.', schema: { type: 'integer', minimum: 1 } },
  Allow: { description: 'The methods that are served.', schema: { type: 'string' } },
  'WWW-Authenticate': { description: 'The schemes that are accepted.', schema: { type: 'string' } },
};

/**
 * The OpenAPI 3.1 document of a gateway: every route, answer, refusal, header and example.
 *
 * @param version of the gateway
 */
export function openApiDocument(version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  OPERATIONS.forEach((operation) => {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: operationObject(operation) };
  });
  return {
    openapi: '3.1.0',
    info: { title: 'Pollcast gateway', version, description: DESCRIPTION, license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: '/', description: 'The gateway that serves this document.' }],
    tags: [
      { name: 'Clients', description: 'Events, history and hints.' },
      { name: 'Polling', description: 'For clients that poll the upstream and go on polling.' },
      { name: 'Operators', description: 'Health, metrics and `/admin`.' },
      { name: 'Documents', description: 'What describes the interfaces. No token is needed; `DOCS=off` hides it.' },
    ],
    paths,
    components: {
      schemas: SCHEMAS,
      responses: refusalComponents(),
      headers: HEADERS,
      securitySchemes: SECURITY_SCHEMES,
    },
  };
}

/** Name of the schema of an event in the document. */
export function eventSchemaName(event: string): string {
  return `${event.charAt(0).toUpperCase()}${event.slice(1)}Event`;
}

/** A published schema inside of a document: its name there is its place. */
function embedded({ $schema: _dialect, $id: _id, ...schema }: JsonSchema): JsonSchema {
  return schema;
}

function operationObject(operation: Operation): object {
  const { id, tag, summary, description, access, parameters, body, answers } = operation;
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description !== undefined && { description }),
    security: SECURITY[access],
    ...(parameters && { parameters }),
    ...(body && {
      requestBody: { required: true, content: { 'application/json': { schema: body.schema, example: body.example } } },
    }),
    responses: {
      ...refusalsOf(operation),
      ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, responseObject(answer)])),
    },
  };
}

function responseObject({ description, type, schema, example, headers, others = [] }: Answer): object {
  return {
    description,
    ...(headers && {
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, text]) => [name, { description: text, schema: { type: 'string' } }]),
      ),
    }),
    ...(type !== undefined && {
      content: {
        [type]: { ...(schema && { schema }), ...(example !== undefined && { example }) },
        ...Object.fromEntries(others.map((other) => [other, {}])),
      },
    }),
  };
}
