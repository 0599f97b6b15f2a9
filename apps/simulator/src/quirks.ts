import { flag, integer, type Kind, oneOf, optional, read } from './fields.js';
import { Random } from './random.js';

/** Milliseconds: always the same, or drawn evenly from the two ends. */
export type Span = number | readonly [number, number];

/**
 * How the upstream behaves where its documentation is silent, or where its example contradicts its own table. The
 * names are the wire names of `PUT /control/oddities`.
 */
export interface QuirkSet {
  /** `number19` is a JSON number of nanoseconds, beyond 2^53; `opaque` cannot be compared or computed with. */
  readonly cursor_form: 'string' | 'number' | 'number19' | 'opaque';
  /** Whether the cursor is the time of the query or of the newest visible message of the tickets asked for. */
  readonly cursor_basis: 'server_time' | 'newest_message';
  /** Whether messages exactly at the cursor are shown again. */
  readonly cursor_bound: 'exclusive' | 'inclusive';
  /** How `create_time` is written: as the documentation shows it, or as `date-time` of the official models may look. */
  readonly time_form: 'documented' | 'iso' | 'iso_offset' | 'iso_utc';
  /** Null arrays, null entries, null ids and null statuses, all of which the documentation's example shows. */
  readonly null_fields: boolean;
  /** Fields that no documentation names, on every level. */
  readonly extra_fields: boolean;
  /** Of the messages of a ticket, and of the tickets of an answer. */
  readonly order: 'oldest_first' | 'newest_first' | 'shuffled';
  /** How long an answer takes; it shows what is visible at its end. */
  readonly latency_ms: Span;
  /** How long after being posted a message appears. */
  readonly visibility_delay_ms: Span;
  /** Of latencies, visibility delays and shuffles. */
  readonly seed: number;
  /** The documented life is 24 hours. */
  readonly token_lifetime_s: number;
}

/** The plain documented way. */
const PLAIN: QuirkSet = {
  cursor_form: 'string',
  cursor_basis: 'server_time',
  cursor_bound: 'exclusive',
  time_form: 'documented',
  null_fields: false,
  extra_fields: false,
  order: 'oldest_first',
  latency_ms: 0,
  visibility_delay_ms: 0,
  seed: 1,
  token_lifetime_s: 86_400,
};

/** An hour: longer than any test waits. */
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
  null_fields: optional(flag),
  extra_fields: optional(flag),
  order: optional(oneOf('oldest_first', 'newest_first', 'shuffled')),
  latency_ms: optional(span),
  visibility_delay_ms: optional(span),
  seed: optional(integer(0, 2 ** 32 - 1)),
  token_lifetime_s: optional(integer(0, 86_400 * 365)),
};

/** @throws InvalidInput naming every wrong member */
export function readQuirks(value: unknown, where = ''): Partial<QuirkSet> {
  return read(value, PATCH, where);
}

/** The oddities in force. Each change makes a new set, so that a text rendered under one can be told by its identity. */
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
