import { LANGUAGE_PATTERN } from '#core';
import { GROUP_ID } from '../schemas/terms.js';
import { CASE_PARAMETER } from './client-operations.js';
import { json, ref, type Operation, type Parameter } from './operation.js';

const TAG = 'Operators';

const LIMIT: Parameter = {
  name: 'limit',
  in: 'query',
  description: 'Most entries of the page.',
  schema: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
  example: 100,
};
const AFTER: Parameter = {
  name: 'after',
  in: 'query',
  description: '`next` of the page before.',
  schema: { type: 'string', maxLength: 400 },
};
const FEED: Parameter = {
  name: 'feed',
  in: 'path',
  required: true,
  description: 'The feed, as `GET /admin/feeds` names it, a slash as `%2F`.',
  schema: { type: 'string', minLength: 1 },
  example: 'zh-cn',
};
const OF_FEED: readonly Parameter[] = [
  CASE_PARAMETER,
  { name: 'group_id', in: 'query', description: 'Only the feed of this group.', schema: GROUP_ID },
  {
    name: 'language',
    in: 'query',
    description: 'Only the feed of this language.',
    schema: { type: 'string', pattern: LANGUAGE_PATTERN.source },
  },
];

const PROCESS = {
  process: 'host/17/a1b2',
  version: '1.0.0',
  started_at: '2026-11-23T14:00:00.000Z',
  log_level: 'info',
};
const FEED_EXAMPLE = {
  ...{ feed: 'zh-cn', language: 'zh-cn', group_id: null, sets: 1, tickets: 2, quarantined: 0, failing_sets: 0 },
  upstream: { state: 'ok', since: '2026-11-23T14:00:00.000Z' },
  earliest_due_at: '2026-11-23T14:17:24.000Z',
  ...{ late_s: 0, publications: 3, paused_at: null },
};
const REVOCATION_EXAMPLE = {
  ...{ id: 'q6rT1mJ0nXw8uZ2k', sub: 'alice', by: 'admin' },
  revoked_at: '2026-11-23T14:17:22.000Z',
  until: '2026-12-23T14:17:22.000Z',
};

/** An operation at `/admin`. Without `ADMIN_TOKEN` nothing is served there (404). */
function admin(operation: Omit<Operation, 'tag' | 'access'>): Operation {
  return { ...operation, tag: TAG, access: 'operator', refusals: [404, ...(operation.refusals ?? [])] };
}

const OVERVIEW_EXAMPLE =
  'retry: 2000\nevent: overview\ndata: {"at":"2026-11-23T14:17:22.000Z","feeds":[],"workers":[]}\n\n';

/** What operators call at `/admin`. OPERATIONS.md says what each is for. */
export const ADMIN_OPERATIONS: readonly Operation[] = [
  admin({
    method: 'get',
    path: '/admin',
    id: 'listAdminEndpoints',
    summary: 'What is served at /admin',
    answers: { 200: json('The endpoints.', ref('AdminIndex'), { endpoints: ['GET /admin/sets'] }) },
  }),
  admin({
    method: 'get',
    path: '/admin/cases/{case_id}',
    id: 'explainCase',
    summary: 'Why is this ticket live, or not?',
    parameters: OF_FEED,
    answers: {
      200: json('What is known of the ticket.', ref('CaseReport'), {
        ...{ case_id: 'T1', live: false, feeds: [], silent_processes: 0 },
        why: ['T1 is not live, because no client wants it.'],
      }),
    },
  }),
  admin({
    method: 'post',
    path: '/admin/cases/{case_id}/poll',
    id: 'pollCase',
    summary: 'Poll the sets of a ticket now',
    parameters: OF_FEED,
    answers: { 202: json('It is polled.', ref('CasePolled'), { case_id: 'T1', feeds: ['zh-cn'] }) },
  }),
  admin({
    method: 'post',
    path: '/admin/cases/{case_id}/release',
    id: 'releaseCase',
    summary: 'Ask for a quarantined ticket at once',
    parameters: OF_FEED,
    answers: {
      202: json('It is asked for.', ref('CaseReleased'), {
        case_id: 'T1',
        feeds: [{ feed: 'zh-cn', outcome: 'released' }],
      }),
    },
  }),
  admin({
    method: 'get',
    path: '/admin/connections',
    id: 'listConnections',
    summary: 'The connections of all gateways',
    parameters: [
      LIMIT,
      AFTER,
      { name: 'subject', in: 'query', schema: { type: 'string', minLength: 1, maxLength: 256 } },
    ],
    answers: {
      200: json('A page.', ref('ConnectionsPage'), {
        ...{ connections: [], next: null, silent_processes: 0 },
        gateways: [{ gateway: PROCESS.process, connections: 0 }],
      }),
    },
  }),
  admin({
    method: 'get',
    path: '/admin/feeds',
    id: 'listFeeds',
    summary: 'The feeds',
    parameters: [LIMIT, AFTER],
    answers: { 200: json('A page.', ref('FeedsPage'), { feeds: [FEED_EXAMPLE], next: null }) },
  }),
  admin({
    method: 'post',
    path: '/admin/feeds/{feed}/pause',
    id: 'pauseFeed',
    summary: 'Do not poll a feed until it is resumed',
    parameters: [FEED],
    answers: {
      201: json('It is paused.', ref('FeedReport'), { ...FEED_EXAMPLE, paused_at: '2026-11-23T14:17:24.000Z' }),
    },
  }),
  admin({
    method: 'post',
    path: '/admin/feeds/{feed}/resume',
    id: 'resumeFeed',
    summary: 'Poll a paused feed again',
    parameters: [FEED],
    answers: { 201: json('It goes on.', ref('FeedReport'), FEED_EXAMPLE) },
  }),
  admin({
    method: 'get',
    path: '/admin/gateways',
    id: 'listGateways',
    summary: 'The gateways',
    answers: {
      200: json('All that answer.', ref('Gateways'), {
        gateways: [{ ...PROCESS, connections: 12 }],
        silent_processes: 0,
      }),
    },
  }),
  admin({
    method: 'post',
    path: '/admin/log-level',
    id: 'setLogLevel',
    summary: 'The log level of all processes, until they end',
    body: { schema: ref('LogLevelRequest'), example: { level: 'info' } },
    answers: {
      200: json('The processes that have it now.', ref('LogLevelSet'), {
        level: 'info',
        processes: [{ role: 'gateway', process: PROCESS.process }],
        silent_processes: 0,
      }),
    },
  }),
  admin({
    method: 'get',
    path: '/admin/queues',
    id: 'showQueues',
    summary: 'The board of the poll queue, for a browser',
    answers: { 200: { description: 'A page.', type: 'text/html', schema: { type: 'string' } } },
  }),
  admin({
    method: 'get',
    path: '/admin/revocations',
    id: 'listRevocations',
    summary: 'The revocations in effect',
    parameters: [LIMIT, AFTER],
    answers: { 200: json('A page.', ref('RevocationsPage'), { revocations: [REVOCATION_EXAMPLE], next: null }) },
  }),
  admin({
    method: 'post',
    path: '/admin/revocations',
    id: 'revoke',
    summary: 'End rights before their tokens expire',
    body: { schema: ref('RevocationRequest'), example: { sub: 'alice' } },
    answers: { 201: json('The revocation.', ref('Revocation'), REVOCATION_EXAMPLE) },
  }),
  admin({
    method: 'delete',
    path: '/admin/revocations/{id}',
    id: 'liftRevocation',
    summary: 'Lift a revocation',
    parameters: [
      {
        name: 'id',
        in: 'path',
        required: true,
        description: 'The revocation.',
        schema: { type: 'string', minLength: 1 },
        example: REVOCATION_EXAMPLE.id,
      },
    ],
    answers: { 204: { description: 'It is lifted.' } },
  }),
  admin({
    method: 'get',
    path: '/admin/sets',
    id: 'listSets',
    summary: 'The ticket sets',
    parameters: [
      LIMIT,
      AFTER,
      {
        name: 'feed',
        in: 'query',
        description: 'Only the sets of this feed.',
        schema: { type: 'string', minLength: 1, maxLength: 300 },
      },
    ],
    answers: { 200: json('A page.', ref('SetsPage'), { sets: [], next: null }) },
  }),
  admin({
    method: 'get',
    path: '/admin/stream',
    id: 'watchDeployment',
    summary: 'The state of the deployment, every two seconds',
    description:
      'An event stream. `overview` has feeds, sets, quarantined tickets, workers and gateways with what they count, and totals; ' +
      '`unavailable` says that the store did not answer.',
    answers: {
      200: {
        description: 'An event stream.',
        type: 'text/event-stream',
        example: OVERVIEW_EXAMPLE,
      },
    },
    refusals: [429],
  }),
  admin({
    method: 'get',
    path: '/admin/workers',
    id: 'listWorkers',
    summary: 'The workers',
    answers: {
      200: json('All that answer.', ref('Workers'), {
        workers: [{ ...PROCESS, id: 'w1', sets: 3, polls_in_flight: 1, state: 'polling' }],
        silent_processes: 0,
      }),
    },
  }),
];

/** Health and metrics. */
export const HEALTH_OPERATIONS: readonly Operation[] = [
  {
    method: 'get',
    path: '/health/live',
    id: 'isLive',
    tag: TAG,
    summary: 'Whether the process runs',
    access: 'public',
    answers: { 200: json('It runs.', ref('Liveness'), { status: 'ok' }) },
  },
  {
    method: 'get',
    path: '/health/ready',
    id: 'isReady',
    tag: TAG,
    summary: 'Whether the gateway takes clients',
    access: 'public',
    answers: {
      200: json('It does.', ref('Readiness'), { status: 'ok', checks: { redis: 'ok', revocations: 'ok' } }),
      503: json('It does not.', ref('Readiness'), {
        status: 'not ready',
        checks: { redis: 'failing', revocations: 'ok' },
      }),
    },
  },
  {
    method: 'get',
    path: '/metrics',
    id: 'readMetrics',
    tag: TAG,
    summary: 'Metrics for Prometheus',
    access: 'public',
    answers: {
      200: {
        description: 'The metrics, in the text format of Prometheus.',
        type: 'text/plain',
        schema: { type: 'string' },
        example: 'pollcast_connections{transport="sse",program="gateway"} 1\n',
      },
    },
  },
];
