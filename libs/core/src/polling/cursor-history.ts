/**
 * The upstream's `last_message_time_id`. A text of digits is a number and may exceed 2^53; any other text is opaque.
 */
export type Cursor = string;

/**
 * Older cursors of a ticket set, enough to look back by a span of time without knowing what a cursor means. Serialisable
 * as JSON.
 */
export interface CursorHistory {
  /** The furthest cursor that the upstream gave. */
  readonly head: Cursor;
  /** When the latest committed poll was sent, milliseconds since 1970. */
  readonly polledAt: number;
  /** Pairs of a time and the cursor that was the furthest since then, oldest first. At most {@link SAMPLES} + 2. */
  readonly samples: readonly (readonly [at: number, cursor: Cursor])[];
  /** The cursor that the upstream accepted last: that of the latest answered poll. Absent if that poll had none. */
  readonly accepted?: Cursor;
}

/** What a cursor history learns of one answered poll. Times in milliseconds since 1970. */
export interface AnsweredPoll {
  readonly sentAt: number;
  readonly answeredAt: number;
  /** The cursor of the request; null if it had none. */
  readonly sent: Cursor | null;
  /** The cursor of the answer; null if it had none. */
  readonly cursor: Cursor | null;
}

/**
 * `create_time` has a resolution of one second. Looking back this much further (ms) keeps two equal messages of one second
 * on the same side of the window's edge, so that counting them is right.
 */
const TIME_RESOLUTION_MS = 1000;

/** The time of a sample that is old enough to be sent, ms since 1970. */
const GIVEN_LONG_AGO = 0;

/** Samples per look-back. It bounds the history, whatever the pace of polls. */
const SAMPLES = 16;

const NUMERIC = /^\d+$/;
/** 13 digits are milliseconds since 1970 from 2001 to 2286: the only unit that the documentation shows. */
const MILLISECONDS = /^\d{13}$/;

function lookbackMs(overlapMs: number): number {
  return overlapMs + TIME_RESOLUTION_MS;
}

/** The further of two cursors: the greater of two numbers (as big integers, invariant 3), else the newer one. */
function furthest(known: Cursor, given: Cursor): Cursor {
  return NUMERIC.test(known) && NUMERIC.test(given) && BigInt(given) < BigInt(known) ? known : given;
}

/**
 * The cursor history after an answered poll; null while the upstream has never given a cursor.
 *
 * @param overlapMs `POLL_OVERLAP_MS`
 */
export function advanceCursorHistory(
  cursorHistory: CursorHistory | null,
  poll: AnsweredPoll,
  overlapMs: number,
): CursorHistory | null {
  const accepted = poll.sent === null ? {} : { accepted: poll.sent };
  if (cursorHistory === null) {
    return poll.cursor === null
      ? null
      : { head: poll.cursor, polledAt: poll.sentAt, samples: [[poll.answeredAt, poll.cursor]], ...accepted };
  }
  const head = poll.cursor === null ? cursorHistory.head : furthest(cursorHistory.head, poll.cursor);
  const span = lookbackMs(overlapMs);
  const latest = cursorHistory.samples.at(-1);
  const due = latest === undefined || (latest[1] !== head && poll.answeredAt - latest[0] >= span / SAMPLES);
  const samples = due ? [...cursorHistory.samples, [poll.answeredAt, head] as const] : cursorHistory.samples;
  const base = newestAtOrBefore(samples, poll.sentAt - span);
  return { head, polledAt: poll.sentAt, samples: samples.slice(Math.max(0, base)), ...accepted };
}

/**
 * The history by which the cursor that the upstream accepted last is sent again; null if there is none. That cursor is
 * older than any that the history would send now.
 */
export function acceptedHistory(cursorHistory: CursorHistory | null): CursorHistory | null {
  if (cursorHistory?.accepted === undefined) {
    return null;
  }
  const { accepted, polledAt } = cursorHistory;
  return { head: accepted, polledAt, samples: [[GIVEN_LONG_AGO, accepted]] };
}

/**
 * The cursor to send: one that was the furthest a look-back before the latest poll. So a message that became visible
 * somewhat later than its own time lies after it. The upstream made that cursor itself: its unit need not be known, and it
 * may be opaque. If no cursor is old enough yet, a cursor in milliseconds is shifted. For any other cursor the poll starts
 * at the beginning (null), which costs more and is as right.
 *
 * Why this loses nothing: a message of time t that the latest poll did not show became visible after that poll was
 * sent, so t > polledAt - overlap. The cursor sent was given before polledAt - overlap, hence lies before t.
 *
 * @param overlapMs `POLL_OVERLAP_MS`, how late a message may become visible
 */
export function cursorToSend(cursorHistory: CursorHistory | null, overlapMs: number): Cursor | null {
  if (cursorHistory === null) {
    return null;
  }
  const span = lookbackMs(overlapMs);
  const sample = cursorHistory.samples[newestAtOrBefore(cursorHistory.samples, cursorHistory.polledAt - span)];
  if (sample !== undefined) {
    return sample[1];
  }
  return MILLISECONDS.test(cursorHistory.head) ? String(BigInt(cursorHistory.head) - BigInt(span)) : null;
}

function newestAtOrBefore(samples: CursorHistory['samples'], at: number): number {
  return samples.findLastIndex(([answeredAt]) => answeredAt <= at);
}
