import { flag, integer, type Kind, oneOf, optional, read } from './fields.js';
import { Random } from './random.js';

/** Milliseconds: a fixed number, or a number drawn evenly between two. */
export type Span = number | readonly [number, number];

/**
 * How the upstream behaves where its documentation says nothing, or where its example contradicts its table. The names
 * are those of `PUT /control/quirks`.
 */
export interface QuirkSet {
  /** `number19` is a JSON number of nanoseconds, beyond 2^53. `opaque` cannot be compared, and no time can be read from it. */
  readonly cursor_form: 'string' | 'number' | 'number19' | 'opaque';
  /** Whether the cursor is the time of the request or of the newest visible message of its tickets. */
  readonly cursor_basis: 'server_time' | 'newest_message';
  /** Whether messages exactly at the cursor are shown again. */
  readonly cursor_bound: 'exclusive' | 'inclusive';
  /** How `create_time` is written: as the documentation shows it, or as `date-time` of the official models may look. */
  readonly time_form: 'documented' | 'iso' | 'iso_offset' | 'iso_utc';
  /** The form of messages: as documented, as a next release might write them, or both in turns, answer by answer. */
  readonly message_form: 'documented' | 'next_release' | 'alternating';
  /** Null arrays, null entries, null ids and null statuses. The example of the documentation has all of them. */
  readonly null_fields: boolean;
  /** Fields on every level that the documentation does not name. */
  readonly extra_fields: boolean;
  /** The order of the messages of a ticket, and of the tickets of an answer. */
  readonly order: 'oldest_first' | 'newest_first' | 'shuffled';
  /** The duration of an answer. It shows what is visible at its end. */
  readonly latency_ms: Span;
  /** The time from the posting of a message until it is visible. */
  readonly visibility_delay_ms: Span;
  /** The seed of latencies, visibility delays and shuffles. */
  readonly seed: number;
  /** The documentation says 24 hours. */
  readonly token_lifetime_s: number;
}

/** The behaviour that the documentation describes. */
const PLAIN: QuirkSet = {
  cursor_form: 'string',
  cursor_basis: 'server_time',
  cursor_bound: 'exclusive',
  time_form: 'documented',
  message_form: 'documented',
  null_fields: false,
  extra_fields: false,
  order: 'oldest_first',
  latency_ms: 0,
  visibility_delay_ms: 0,
  seed: 1,
  token_lifetime_s: 86_400,
};

/** One hour: longer than any test waits. */
const MAX_SPAN_MS = 3_600_000;
const bound = integer(0, MAX_SPAN_MS);

const pair: Kind<[number, number]> = {
  expected: 'two numbers, the lower one first',
  accepts: (value): value is [number, number] =>
    Array.isArray(value) && value.length === 2 && value.every(bound.accepts) && Number(value[0]) <= Number(value[1]),
};

const span: Kind<Span> = {
  expected: `milliseconds (0 to ${MAX_SPAN_MS}), or [lowest, highest]`,
  accepts: (value): value is Span => bound.accepts(value) || pair.accepts(value),
};

const PATCH = {
  cursor_form: optional(oneOf('string', 'number', 'number19', 'opaque')),
  cursor_basis: optional(oneOf('server_time', 'newest_message')),
  cursor_bound: optional(oneOf('exclusive', 'inclusive')),
  time_form: optional(oneOf('documented', 'iso', 'iso_offset', 'iso_utc')),
  message_form: optional(oneOf('documented', 'next_release', 'alternating')),
  null_fields: optional(flag),
  extra_fields: optional(flag),
  order: optional(oneOf('oldest_first', 'newest_first', 'shuffled')),
  latency_ms: optional(span),
  visibility_delay_ms: optional(span),
  seed: optional(integer(0, 2 ** 32 - 1)),
  token_lifetime_s: optional(integer(0, 86_400 * 365)),
};

/** @throws InvalidInput naming each wrong member */
export function readQuirks(value: unknown, where = ''): Partial<QuirkSet> {
  return read(value, PATCH, where);
}

/** The quirks in force. Each change makes a new object, so a rendered text is valid while the object is the same. */
export class Quirks {
  current: QuirkSet;
  private random: Random;

  constructor(private readonly initial: Partial<QuirkSet>) {
    this.current = { ...PLAIN, ...initial };
    this.random = new Random(this.current.seed);
  }

  change(patch: Partial<QuirkSet>): void {
    this.current = { ...this.current, ...patch };
    this.random = new Random(this.current.seed);
  }

  reset(): void {
    this.change({ ...PLAIN, ...this.initial });
  }

  draw(wanted: Span): number {
    return typeof wanted === 'number' ? wanted : this.random.between(...wanted);
  }
}
