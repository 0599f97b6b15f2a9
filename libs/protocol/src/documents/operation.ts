import type { JsonSchema } from '../schemas/json-schema.js';

/** Who may call an operation, and with what. */
export type Access = 'client' | 'poll' | 'operator' | 'public';

/** One parameter of an operation. */
export interface Parameter {
  readonly name: string;
  readonly in: 'query' | 'path' | 'header';
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: JsonSchema;
  /** The value that the example of the operation has; absent: the example leaves the parameter out. */
  readonly example?: unknown;
  /** Only `case_ids` has it: ids with commas in between (S8). */
  readonly style?: 'form';
  readonly explode?: boolean;
}

/** One answer of an operation that is not a refusal. */
export interface Answer {
  readonly description: string;
  /** Content type; absent: the answer has no body. */
  readonly type?: string;
  readonly schema?: JsonSchema;
  readonly example?: unknown;
  /** Other content types that it can have, by what the request accepts. */
  readonly others?: readonly string[];
  /** Header fields of it, by name. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** One operation over HTTP: a method at a path. */
export interface Operation {
  /** `QUERY` has no place in OpenAPI 3.1, so it stands as `x-query`. */
  readonly method: 'get' | 'post' | 'delete' | 'x-query';
  readonly path: string;
  readonly id: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly access: Access;
  readonly parameters?: readonly Parameter[];
  readonly body?: { readonly schema: JsonSchema; readonly example: unknown };
  readonly answers: Readonly<Record<number, Answer>>;
  /** Statuses of refusals beside those that its access and its body have. */
  readonly refusals?: readonly number[];
}

/** A reference to one of the document's schemas. */
export function ref(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}

/** An answer with a JSON body. */
export function json(description: string, schema: JsonSchema, example: unknown, headers?: Answer['headers']): Answer {
  return { description, type: 'application/json', schema, example, ...(headers && { headers }) };
}
