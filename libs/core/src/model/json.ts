/** A JSON number that a JavaScript number cannot hold without change. The text is kept as it was written. */
export class RawNumber {
  constructor(readonly literal: string) {}
}

/** A JSON value without loss: what was received can be written again. */
export type JsonValue = null | boolean | number | string | RawNumber | JsonValue[] | JsonObject;
export interface JsonObject {
  [key: string]: JsonValue;
}

/** Text of one valid JSON value without line breaks. No code parses it again. */
export type JsonText = string & { readonly __brand: 'JsonText' };

/** Writes a value as JSON. Keys keep the order in which they were received. */
export function jsonText(value: JsonValue): JsonText {
  return write(value, (keys) => keys) as JsonText;
}

/** Writes a value as JSON with sorted keys, so that equal values give equal texts (invariant 3). */
export function canonicalJson(value: JsonValue): string {
  return write(value, (keys) => keys.sort());
}

/** An array or object that is being written, and the index of the next member. */
interface Level {
  readonly value: Record<string | number, JsonValue>;
  /** Null for an array. */
  readonly keys: readonly string[] | null;
  readonly length: number;
  next: number;
}

/** Without recursion: one message that is nested deeper than the stack would stop its whole ticket set. */
function write(root: JsonValue, order: (keys: string[]) => string[]): string {
  if (isScalar(root)) {
    return scalarText(root);
  }
  const outer: Level[] = [];
  let level: Level | undefined = levelOf(root, order);
  let text = opening(level);
  while (level !== undefined) {
    if (level.next === level.length) {
      text += level.keys === null ? ']' : '}';
      level = outer.pop();
      continue;
    }
    const key: string | number = level.keys?.[level.next] ?? level.next;
    const item: JsonValue = level.value[key] ?? null;
    text += `${level.next === 0 ? '' : ','}${level.keys === null ? '' : `${JSON.stringify(key)}:`}`;
    level.next += 1;
    if (isScalar(item)) {
      text += scalarText(item);
    } else {
      outer.push(level);
      level = levelOf(item, order);
      text += opening(level);
    }
  }
  return text;
}

function isScalar(value: JsonValue): value is Exclude<JsonValue, JsonValue[] | JsonObject> {
  return value === null || typeof value !== 'object' || value instanceof RawNumber;
}

function scalarText(value: Exclude<JsonValue, JsonValue[] | JsonObject>): string {
  return value instanceof RawNumber ? value.literal : JSON.stringify(value);
}

function levelOf(value: JsonValue[] | JsonObject, order: (keys: string[]) => string[]): Level {
  if (Array.isArray(value)) {
    return { value: value as unknown as Level['value'], keys: null, length: value.length, next: 0 };
  }
  const keys = order(Object.keys(value));
  return { value, keys, length: keys.length, next: 0 };
}

function opening(level: Level): string {
  return level.keys === null ? '[' : '{';
}
