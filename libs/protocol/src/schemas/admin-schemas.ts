import { described, listOf, objectOf, oneOf, orNull, type JsonSchema } from './json-schema.js';
import { CASE_ID, INSTANT } from './terms.js';

const TIME = orNull(INSTANT);
const TEXT = { type: 'string' };
const COUNT = { type: 'integer', minimum: 0 };
const SECONDS = { type: 'number', minimum: 0, description: 'Seconds, one decimal.' };
const PROCESS = { type: 'string', description: 'Name of a process: host, process id, and a part that differs.' };
const SILENT = orNull({ ...COUNT, description: 'Processes that did not answer; null: nobody knows.' });
const NEXT = orNull({ type: 'string', description: '`after` of the next page; null: this is the last one.' });
const FEED_NAME = { type: 'string', description: 'Language, and group after a slash.', examples: ['zh-cn'] };

const FEED = { feed: FEED_NAME, language: TEXT, group_id: orNull(TEXT) };
const UPSTREAM = objectOf({ state: oneOf(['ok', 'degraded']), since: TIME }, { reason: TEXT });
const FAILED = objectOf({ reason: TEXT, at: TIME });
const SET = {
  id: COUNT,
  members: COUNT,
  joining: COUNT,
  worker: orNull(PROCESS),
  lease_until: TIME,
  due_at: TIME,
  late_s: SECONDS,
  answered_at: TIME,
  active_at: TIME,
  failures: COUNT,
  last_error: orNull(FAILED),
  searches_refused_ticket: { type: 'boolean' },
};

export const CASE_REPORT: JsonSchema = objectOf({
  case_id: CASE_ID,
  live: { type: 'boolean' },
  why: listOf(TEXT, { description: 'Sentences for people: who wants it, what holds it up, what to do.' }),
  feeds: listOf(
    objectOf({
      state: oneOf([
        'not_wanted',
        'paused',
        'quarantined',
        'no_worker',
        'late',
        'failing',
        'waiting',
        'lingering',
        'live',
      ]),
      ...FEED,
      wanted: objectOf({
        until: TIME,
        clients: COUNT,
        gateways: listOf(objectOf({ gateway: PROCESS, clients: COUNT })),
      }),
      set: orNull(objectOf(SET)),
      last_answer_at: TIME,
      last_error: orNull(objectOf({ reason: TEXT, at: TIME, failures: COUNT })),
      cursor: orNull(objectOf({ given_at: TIME, age_s: SECONDS, polled_at: TIME })),
      quarantine: orNull(objectOf({ until: TIME, refusals: COUNT, reason: { const: 'upstream_refused' } })),
      last_publication: orNull(objectOf({ kind: TEXT, seen_at: TIME, age_s: SECONDS })),
      next_poll_at: TIME,
      paused_at: TIME,
      upstream: UPSTREAM,
    }),
  ),
  silent_processes: SILENT,
});

export const CASE_POLLED: JsonSchema = objectOf({ case_id: CASE_ID, feeds: listOf(FEED_NAME) });

export const CASE_RELEASED: JsonSchema = objectOf({
  case_id: CASE_ID,
  feeds: listOf(objectOf({ feed: FEED_NAME, outcome: oneOf(['released', 'polled']) })),
});

export const FEED_REPORT: JsonSchema = objectOf({
  ...FEED,
  sets: COUNT,
  tickets: COUNT,
  quarantined: COUNT,
  failing_sets: COUNT,
  upstream: UPSTREAM,
  earliest_due_at: TIME,
  late_s: SECONDS,
  publications: COUNT,
  paused_at: TIME,
});

export const FEEDS_PAGE: JsonSchema = objectOf({ feeds: listOf(FEED_REPORT), next: NEXT });

export const SETS_PAGE: JsonSchema = objectOf({ sets: listOf(objectOf({ feed: FEED_NAME, ...SET })), next: NEXT });

export const CONNECTIONS_PAGE: JsonSchema = objectOf({
  connections: listOf(
    objectOf({
      id: TEXT,
      gateway: PROCESS,
      transport: TEXT,
      subject: orNull(TEXT),
      client_id: orNull(TEXT),
      since: INSTANT,
      expires: described(TIME, 'When its token expires; null: never.'),
      tickets: listOf(objectOf({ feed: FEED_NAME, tickets: COUNT })),
      unsent_bytes: COUNT,
    }),
  ),
  next: NEXT,
  gateways: listOf(objectOf({ gateway: PROCESS, connections: COUNT })),
  silent_processes: SILENT,
});

const PROGRAM = { process: PROCESS, version: TEXT, started_at: INSTANT, log_level: TEXT };

export const WORKERS: JsonSchema = objectOf({
  workers: listOf(
    objectOf({
      ...PROGRAM,
      id: TEXT,
      sets: COUNT,
      polls_in_flight: COUNT,
      state: oneOf(['polling', 'login_refused', 'stopping']),
    }),
  ),
  silent_processes: SILENT,
});

export const GATEWAYS: JsonSchema = objectOf({
  gateways: listOf(objectOf({ ...PROGRAM, connections: COUNT })),
  silent_processes: SILENT,
});

/** pino's levels, which `LOG_LEVEL` has. */
export const LOG_LEVEL = oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']);

export const LOG_LEVEL_REQUEST: JsonSchema = objectOf({ level: LOG_LEVEL }, {}, { additionalProperties: false });

export const LOG_LEVEL_SET: JsonSchema = objectOf({
  level: LOG_LEVEL,
  processes: listOf(objectOf({ role: oneOf(['gateway', 'worker']), process: PROCESS })),
  silent_processes: SILENT,
});

const REVOKED_ID = { type: 'string', minLength: 1, maxLength: 256 };

export const REVOCATION_REQUEST: JsonSchema = objectOf(
  {},
  {
    sub: described(REVOKED_ID, 'The subject of the tokens.'),
    jti: described(REVOKED_ID, 'The id of the token.'),
    case_ids: listOf(CASE_ID, { minItems: 1, maxItems: 100, description: 'Only these tickets.' }),
  },
  { additionalProperties: false, minProperties: 1 },
);

export const REVOCATION: JsonSchema = objectOf(
  { id: TEXT, by: TEXT, revoked_at: INSTANT, until: INSTANT },
  { sub: TEXT, jti: TEXT, case_ids: listOf(TEXT), lifted_by: TEXT },
);

export const REVOCATIONS_PAGE: JsonSchema = objectOf({ revocations: listOf(REVOCATION), next: NEXT });

export const ADMIN_INDEX: JsonSchema = objectOf({ endpoints: listOf(TEXT) });
