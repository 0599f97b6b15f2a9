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

/** What can happen instead of, or to, a right answer, with what each kind wants to know. Names are wire names. */
const KINDS = {
  /** Any status, with any body. */
  status: {
    status: required(integer(200, 599)),
    body: optional(body),
    headers: optional(headers),
    content_type: optional(text(200, 1)),
  },
  /** The documented trap: an error that arrives with status 200. */
  error_in_200: { error_code: required(text(64, 1)), error_msg: optional(text(MAX_BODY)) },
  /** 429 from the gateway. */
  throttle: { retry_after: optional(retryAfter) },
  /** 401 from the gateway; the token that was presented is dead from then on, if IAM issued it. */
  token_expired: {},
  /** One ticket that may not be read spoils the whole request. */
  refuse_case: { as: optional(oneOf('403', '200')) },
  /** 502 with a page of HTML, as a proxy in between writes it. */
  html: {},
  redirect: { location: required(text(2_000, 1)) },
  /** Never an answer. */
  hang: {},
  /** The connection is cut before any answer. */
  reset: {},
  /** The right answer, a few bytes at a time. */
  drip: { chunk_bytes: optional(integer(1, MAX_BODY)), interval_ms: optional(integer(1, MAX_PAUSE_MS)) },
  /** Half of the right answer, then the connection ends. */
  truncate: {},
  /** Half of the right answer, and HTTP says that it is whole. */
  bad_json: {},
  /** Bytes that are not what the charset of the header says. */
  wrong_charset: {},
  /** The right answer, called a page of HTML. */
  wrong_content_type: {},
  /** The right answer, compressed although nobody asked for that: right, if unusual. */
  gzip: {},
  /** The right answer, and a member of this many bytes. */
  huge: { bytes: required(integer(1, MAX_HUGE_BYTES)) },
} satisfies Record<string, Shape>;

export type FaultKind = keyof typeof KINDS;
const KIND_NAMES = Object.keys(KINDS) as FaultKind[];

/** Which requests a fault befalls. */
const COMMON = {
  kind: required(oneOf(...KIND_NAMES)),
  /** Which of the two upstream endpoints; absent: `messages`. */
  target: optional(oneOf('messages', 'iam')),
  /** Only requests that ask for one of these tickets. */
  case_ids: optional(listOf(text(64, 1), 1, 10_000)),
  /** Lets this many matching requests pass first. */
  after: optional(integer(0, MANY)),
  /** Ends by itself after this many; absent: when it is cleared. */
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
export function readFault(order: unknown): Fault {
  const { kind } = read({ kind: record.accepts(order) ? order.kind : undefined }, { kind: COMMON.kind });
  const fault = read(order, { ...COMMON, ...KINDS[kind] });
  if (kind === 'refuse_case' && !fault.case_ids) throw new InvalidInput(['case_ids is missing: the tickets to refuse']);
  if (fault.target === 'iam' && fault.case_ids) throw new InvalidInput(['case_ids mean nothing to iam']);
  return fault as Fault;
}
