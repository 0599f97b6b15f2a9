/** A JSON number that a JavaScript number would change, kept as it was written. */
export class RawNumber {
  constructor(readonly literal: string) {}
}

/** A JSON value that loses nothing of what was received. */
export type JsonValue = null | boolean | number | string | RawNumber | JsonValue[] | JsonObject;
export interface JsonObject {
  [key: string]: JsonValue;
}

/** Text that is known to be one valid JSON value without line breaks; it is passed on, never parsed again. */
export type JsonText = string & { readonly __brand: 'JsonText' };

/** Writes a value as JSON, keys in the order in which they were received. */
export function jsonText(value: JsonValue): JsonText {
  return write(value, (keys) => keys) as JsonText;
}

/** Writes a value as JSON with sorted keys, so that equal values give equal texts (invariant 3 compares by all fields). */
export function canonicalJson(value: JsonValue): string {
  return write(value, (keys) => keys.sort());
}

function write(value: JsonValue, order: (keys: string[]) => string[]): string {
  if (value === null || typeof value !== 'object') {
    return JSON.stringify(value);
  }
  if (value instanceof RawNumber) {
    return value.literal;
  }
  if (Array.isArray(value)) {
    return `[${value.map((item) => write(item, order)).join(',')}]`;
  }
  const members = order(Object.keys(value)).map((key) => `${JSON.stringify(key)}:${write(value[key] ?? null, order)}`);
  return `{${members.join(',')}}`;
}
