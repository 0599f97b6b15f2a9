import { types } from 'node:util';

/** The fields of an error that are logged. All others are left out. */
export interface ErrorFields {
  readonly type: string;
  /** At most {@link MESSAGE_MAX} characters, without what the sender of the error quotes of its input. */
  readonly message: string;
  /** The frames alone: the text above them repeats the message. */
  readonly stack?: string;
  readonly [name: string]: unknown;
  /** Its cause, to a depth of {@link DEPTH_MAX}. */
  readonly cause?: ErrorFields;
  /** The first {@link ERRORS_MAX} errors of an `AggregateError`. */
  readonly errors?: readonly ErrorFields[];
}

/** Characters. */
const MESSAGE_MAX = 500;
/** Characters. */
const FIELD_MAX = 100;
const DEPTH_MAX = 4;
const ERRORS_MAX = 5;

/** Short texts and numbers that say where or how something failed: of Node's system errors, of Redis, of HTTP. */
const NAMED = ['code', 'errno', 'syscall', 'address', 'port', 'host', 'hostname', 'status', 'statusCode'] as const;

/**
 * The fields of an error that may be logged. They are named one by one, because libraries add their input to errors:
 * ioredis the arguments of the command (message contents, the password of `AUTH`), `new URL` what it was given. A
 * message may quote input, too: Redis the arguments of an unknown command, `JSON.parse` the text.
 *
 * @param error what was thrown. If it is not an `Error`, only its type is logged, because it can be anything.
 */
export function errorFields(error: unknown, depth = DEPTH_MAX): ErrorFields {
  if (!types.isNativeError(error)) {
    return { type: error === null ? 'null' : typeof error, message: 'what was thrown is not an Error' };
  }
  const named = NAMED.map((name) => [name, short(fieldOf(error, name))] as const);
  const command = ['command', short(fieldOf(fieldOf(error, 'command'), 'name'))] as const;
  const errors = fieldOf(error, 'errors');
  const nested = (inner: unknown) => errorFields(inner, depth - 1);
  return {
    type: error.name,
    message: messageOf(error),
    ...(Object.fromEntries([...named, command].filter(([, value]) => value !== undefined)) as object),
    ...(depth > 0 && types.isNativeError(error.cause) ? { cause: nested(error.cause) } : {}),
    ...(depth > 0 && Array.isArray(errors) ? { errors: errors.slice(0, ERRORS_MAX).map(nested) } : {}),
    ...framesOf(error),
  };
}

/** A log entry with {@link errorFields} in the place of each error, and of whatever was thrown and is named `err`. */
export function withErrorFields(entry: Record<string, unknown>): Record<string, unknown> {
  const isThrown = (key: string, value: unknown) => key === 'err' || types.isNativeError(value);
  const fields = Object.entries(entry).map(([key, value]) => [key, isThrown(key, value) ? errorFields(value) : value]);
  return Object.fromEntries(fields) as Record<string, unknown>;
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function short(value: unknown): string | number | undefined {
  return typeof value === 'string' ? value.slice(0, FIELD_MAX) : typeof value === 'number' ? value : undefined;
}

/** Redis: `ERR unknown command 'X', with args beginning with: 'a' 'b'`. */
const REDIS_ARGUMENTS = /,? with args beginning with:.*$/s;
/** V8: `Unexpected token 'h', ..."hello wor"... is not valid JSON`. */
const QUOTED = /'.'|(?:\.\.\.)?".*"(?:\.\.\.)?/gs;

function messageOf(error: Error): string {
  const message = error.message.replace(REDIS_ARGUMENTS, '');
  return (error.name === 'SyntaxError' ? message.replace(QUOTED, '[hidden]') : message).slice(0, MESSAGE_MAX);
}

function framesOf({ message, stack = '' }: Error): { stack?: string } {
  const frames = stack
    .replace(message, '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line));
  return frames.length === 0 ? {} : { stack: frames.join('\n') };
}
