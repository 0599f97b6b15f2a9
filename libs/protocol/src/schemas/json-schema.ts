/** A JSON Schema, draft 2020-12. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/** Members of an object, by name. */
export type Members = Readonly<Record<string, JsonSchema>>;

/** An object with these members. It may have others: new ones come without a new version (PROTOCOL.md). */
export function objectOf(required: Members, optional: Members = {}, rest: JsonSchema = {}): JsonSchema {
  return { type: 'object', ...rest, properties: { ...required, ...optional }, required: Object.keys(required) };
}

export function listOf(items: JsonSchema, rest: JsonSchema = {}): JsonSchema {
  return { type: 'array', ...rest, items };
}

/** The same, or null. */
export function orNull({ type, enum: values, ...rest }: JsonSchema): JsonSchema {
  return {
    ...rest,
    type: [type, 'null'].flat(),
    ...(Array.isArray(values) && { enum: [...(values as unknown[]), null] }),
  };
}

/** The same with a description of its own. */
export function described(schema: JsonSchema, description: string): JsonSchema {
  return { ...schema, description };
}

/** One of these texts. */
export function oneOf(values: readonly string[], description?: string): JsonSchema {
  return { type: 'string', ...(description !== undefined && { description }), enum: [...values] };
}
