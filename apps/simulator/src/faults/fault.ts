import {
  integer,
  InvalidInput,
  type Kind,
  listOf,
  oneOf,
  optional,
  read,
  type Reading,
  record,
  required,
  type Shape,
  text,
} from '../fields.js';

const MANY = 1_000_000_000;
const MAX_BODY = 1_000_000;
const MAX_HUGE_BYTES = 2 ** 30;
const MAX_PAUSE_MS = 60_000;

const body: Kind<string | Record<string, unknown>> = {
  expected: 'a string, sent as it is, or an object, sent as JSON',
  accepts: (value): value is string | Record<string, unknown> => text(MAX_BODY).accepts(value) || record.accepts(value),
};
const headers: Kind<Record<string, string>> = {
  expected: 'an object of strings',
  accepts: (value): value is Record<string, string> =>
    record.accepts(value) && Object.values(value).every((each) => typeof each === 'string'),
};
const retryAfter: Kind<number | string> = {
  expected: 'seconds, or an HTTP date',
  accepts: (value): value is number | string => integer(0, MANY).accepts(value) || text(64, 1).accepts(value),
};

/** The kinds of faults, each with its parameters. Names are those of the control API. */
const KINDS = {
  /** Any status, with any body. */
  status: {
    status: required(integer(200, 599)),
    body: optional(body),
    headers: optional(headers),
    content_type: optional(text(200, 1)),
  },
  /** An error with the status 200, as the documentation shows it. */
  error_in_200: { error_code: required(text(64, 1)), error_msg: optional(text(MAX_BODY)) },
  /** 429 from the API gateway. */
  throttle: { retry_after: optional(retryAfter) },
  /** 401 from the API gateway. If IAM issued the token, the token is invalid from then on. */
  token_expired: {},
  /** The whole request is refused because of one ticket that the account may not read. */
  refuse_case: { as: optional(oneOf('403', '200')) },
  /** Refuses requests with one of these cursors; without `cursors`, requests with any cursor. */
  refuse_cursor: { as: optional(oneOf('400', '200')), cursors: optional(listOf(text(64, 1), 1, 10_000)) },
  /** 502 with a page of HTML, as a proxy writes it. */
  html: {},
  redirect: { location: required(text(2_000, 1)) },
  /** No answer, and the connection stays open. */
  hang: {},
  /** The connection is cut before any answer. */
  reset: {},
  /** The right answer, a few bytes at a time. */
  drip: { chunk_bytes: optional(integer(1, MAX_BODY)), interval_ms: optional(integer(1, MAX_PAUSE_MS)) },
  /** Half of the right answer, then the connection ends. */
  truncate: {},
  /** Half of the right answer, with a `Content-Length` of that half. */
  bad_json: {},
  /** Bytes of another charset than the header declares. */
  wrong_charset: {},
  /** The right answer with the content type of HTML. */
  wrong_content_type: {},
  /** The right answer, compressed although the client did not ask for that. */
  gzip: {},
  /** The right answer with one more member of this many bytes. */
  huge: { bytes: required(integer(1, MAX_HUGE_BYTES)) },
} satisfies Record<string, Shape>;

export type FaultKind = keyof typeof KINDS;
const KIND_NAMES = Object.keys(KINDS) as FaultKind[];

/** Which requests a fault applies to. */
const COMMON = {
  kind: required(oneOf(...KIND_NAMES)),
  /** Which of the endpoints; `messages` unless given. */
  target: optional(oneOf('messages', 'more', 'unread', 'iam')),
  /** Only requests that ask for one of these tickets. */
  case_ids: optional(listOf(text(64, 1), 1, 10_000)),
  /** The number of matching requests that pass first. */
  after: optional(integer(0, MANY)),
  /** The number of requests after which it ends; unless given, it ends when it is cleared. */
  times: optional(integer(1, MANY)),
};

export type Fault = {
  readonly [K in FaultKind]: Readonly<Reading<typeof COMMON> & { kind: K } & Reading<(typeof KINDS)[K]>>;
}[FaultKind];
export type FaultTarget = NonNullable<Fault['target']>;

/**
 * Reads the body of `POST /control/faults`.
 *
 * @throws InvalidInput
 */
export function readFault(body: unknown): Fault {
  const { kind } = read({ kind: record.accepts(body) ? body.kind : undefined }, { kind: COMMON.kind });
  const fault = read(body, { ...COMMON, ...KINDS[kind] });
  if (kind === 'refuse_case' && !fault.case_ids) throw new InvalidInput(['case_ids is missing: the tickets to refuse']);
  if (fault.target === 'iam' && kind === 'refuse_cursor') throw new InvalidInput(['iam has no cursors']);
  if (fault.target === 'iam' && fault.case_ids) throw new InvalidInput(['case_ids mean nothing to iam']);
  return fault as Fault;
}
