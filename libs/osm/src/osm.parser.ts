import {
  RawNumber,
  UpstreamFailure,
  type AnsweredList,
  type AnsweredMessage,
  type Cursor,
  type JsonObject,
  type JsonValue,
  type UpstreamContent,
} from '#core';
import { parseCreateTime } from './create-time.js';
import { CURSOR_KEY, CURSOR_MAX } from './cursor-mark.js';

/**
 * The shapes of the documented answer. Any field may be null or missing. If a field has another type, the whole answer
 * is refused, because half of an answer could lose messages. The failure names the path of the field.
 */
function malformed(path: string, expected: string): UpstreamFailure {
  return new UpstreamFailure('malformed', `${path} is not ${expected}`);
}

/** A value as an object. @throws {UpstreamFailure} `malformed` if it is not an object */
export function asObject(value: JsonValue | undefined, path: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof RawNumber) {
    throw malformed(path, 'an object');
  }
  return value;
}

/** A list of an object. @throws {UpstreamFailure} `malformed` if it is neither a list nor null */
export function listOf(object: JsonObject, key: string, path: string): readonly JsonValue[] {
  const value = object[key] ?? null;
  if (value !== null && !Array.isArray(value)) {
    throw malformed(path, 'a list');
  }
  return value ?? [];
}

function textOf(object: JsonObject, key: string, path: string): string | null {
  const value = object[key] ?? null;
  if (value !== null && typeof value !== 'string') {
    throw malformed(`${path}.${key}`, 'a text');
  }
  return value;
}

/** A message that was cut out of an answer, by the indexes of its entry and its place in it; null where none was. */
export type CutMessage = (entry: number, index: number) => JsonCut | null;

/** The text of a message, with what is known of it. */
export interface JsonCut {
  read(parse: (message: JsonValue) => AnsweredMessage | null): AnsweredMessage | null;
}

/**
 * `immsg` and `imstatus` of an answer.
 *
 * @param offsetMinutes time zone of `create_time`, minutes east of Greenwich
 * @param cut messages in whose places the answer has null
 */
export function parseContent(answer: JsonObject, offsetMinutes: number, cut: CutMessage = () => null): UpstreamContent {
  return { lists: parseLists(answer, offsetMinutes, cut), statuses: parseStatuses(answer) };
}

/** The cursor of a fully parsed answer, with its digits unchanged. */
export function parseCursor(answer: JsonObject): Cursor | null {
  const value = answer[CURSOR_KEY] ?? null;
  if (value instanceof RawNumber) {
    return value.literal;
  }
  if (value !== null && typeof value !== 'string' && typeof value !== 'number') {
    throw malformed(CURSOR_KEY, 'a number or a text');
  }
  return value === null || value === '' ? null : String(value);
}

/** @throws {UpstreamFailure} `malformed` where it is longer than documented */
export function boundedCursor<Found extends Cursor | null>(cursor: Found): Found {
  if (cursor !== null && cursor.length > CURSOR_MAX) {
    throw malformed(CURSOR_KEY, `a cursor of at most ${CURSOR_MAX} characters`);
  }
  return cursor;
}

function parseLists(answer: JsonObject, offsetMinutes: number, cut: CutMessage): AnsweredList[] {
  const lists: AnsweredList[] = [];
  listOf(answer, 'immsg', 'immsg').forEach((entry, index) => {
    if (entry === null) {
      return;
    }
    const path = `immsg[${index}]`;
    const list = asObject(entry, path);
    const caseId = textOf(list, 'incident_id', path);
    const cutHere = (at: number) => cut(index, at);
    const messages = parseMessages(list, `${path}.message_list`, offsetMinutes, cutHere);
    if (caseId !== null && messages.length > 0) {
      lists.push({ caseId, messages });
    }
  });
  return lists;
}

/**
 * `message_list` of an object.
 *
 * @throws {UpstreamFailure} `malformed`
 */
export function parseMessages(
  list: JsonObject,
  path: string,
  offsetMinutes: number,
  cut: (index: number) => JsonCut | null = () => null,
): AnsweredMessage[] {
  const messages: AnsweredMessage[] = [];
  listOf(list, 'message_list', path).forEach((entry, index) => {
    const parse = (value: JsonValue) => parseMessage(value, `${path}[${index}]`, offsetMinutes);
    const found = entry === null ? (cut(index)?.read(parse) ?? null) : parse(entry);
    if (found !== null) {
      messages.push(found);
    }
  });
  return messages;
}

function parseMessage(value: JsonValue, path: string, offsetMinutes: number): AnsweredMessage | null {
  if (value === null) {
    return null;
  }
  const message = asObject(value, path);
  return { message, sentAt: parseCreateTime(message['create_time'], offsetMinutes) };
}

function parseStatuses(answer: JsonObject): UpstreamContent['statuses'] {
  const statuses: { caseId: string; status: number }[] = [];
  listOf(answer, 'imstatus', 'imstatus').forEach((entry, index) => {
    if (entry === null) {
      return;
    }
    const path = `imstatus[${index}]`;
    const item = asObject(entry, path);
    const caseId = textOf(item, 'incident_id', path);
    const status = item['status'] ?? null;
    if (status !== null && (typeof status !== 'number' || !Number.isSafeInteger(status))) {
      throw malformed(`${path}.status`, 'a whole number');
    }
    if (caseId !== null && status !== null) {
      statuses.push({ caseId, status });
    }
  });
  return statuses;
}
