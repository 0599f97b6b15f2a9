import type { Cursor } from '#core';

/** The upstream's name for a cursor, in the query and in answers. */
export const CURSOR_KEY = 'last_message_time_id';

/** The place of an answer's cursor: `[start, end)` in bytes. */
export interface CursorMark {
  readonly cursor: Cursor | null;
  readonly start: number;
  readonly end: number;
}

const QUOTED_KEY = Buffer.from(`"${CURSOR_KEY}"`);
const BACKSLASH = 0x5c;
/** Longest cursor, characters, as documented. A longer one is malformed. */
export const CURSOR_MAX = 64;
/** Longest cursor that is marked, characters, with white space and quotes. The full parser reads longer ones. */
const LONGEST_LITERAL = 256;

/** A number, a text without escapes, or null, with a whole JSON token's end behind it. */
const LITERAL =
  /^(\s*:\s*)(null|"[\x20\x21\x23-\x5b\x5d-\x7e]*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?=\s*[,}])/;

/**
 * Finds the cursor of an answer without parsing it; null unless its key occurs exactly once and its value is simple.
 * Inside a JSON string the quotes of the key are escaped, so the content of a message is never taken for it. The key
 * may still be at a deeper level; `readAnswer` says why that does no harm.
 */
export function markCursor(body: Buffer): CursorMark | null {
  const at = body.indexOf(QUOTED_KEY);
  if (at <= 0 || body[at - 1] === BACKSLASH || body.indexOf(QUOTED_KEY, at + 1) !== -1) {
    return null;
  }
  const after = at + QUOTED_KEY.length;
  const match = LITERAL.exec(body.toString('latin1', after, after + LONGEST_LITERAL));
  if (match?.[1] === undefined || match[2] === undefined) {
    return null;
  }
  const start = after + match[1].length;
  return { cursor: cursorOf(match[2]), start, end: start + match[2].length };
}

function cursorOf(literal: string): Cursor | null {
  const text = literal.startsWith('"') ? literal.slice(1, -1) : literal;
  return text === '' || literal === 'null' ? null : text;
}
