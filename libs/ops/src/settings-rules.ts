import { Transform } from 'class-transformer';
import { ValidateBy, ValidateIf, type ValidationArguments } from 'class-validator';

/**
 * The rules for settings. Each rule is one decorator with a text that says what it expects. The operator reads this text
 * in the error message. The message shows the value of numbers and choices only, because a text may be a secret.
 */
function rule<T extends object>(
  expected: string,
  accepts: (value: unknown) => boolean,
  shown = false,
  expectedBy: (settings: T) => string = () => expected,
): PropertyDecorator {
  return ValidateBy({
    name: expected,
    validator: {
      validate: accepts,
      defaultMessage: (args) => `${complaint(args, shown)}: expected ${expectedBy(args?.object as T)}`,
    },
  });
}

const SHOWN_MAX = 40;

function complaint(args: ValidationArguments | undefined, shown: boolean): string {
  const value: unknown = args?.value;
  if (value === '') {
    return 'is not set';
  }
  return shown ? `is ${JSON.stringify(value).slice(0, SHOWN_MAX)}` : 'is wrong';
}

function all(...decorators: PropertyDecorator[]): PropertyDecorator {
  return (target, key) => decorators.forEach((decorate) => decorate(target, key));
}

/** 15 digits are always below 2^53. Signs, exponents, hexadecimal and white space are refused as likely mistakes. */
const DECIMAL = /^\d{1,15}$/;

/** A whole number in decimal digits. @param unit what it counts, for the error message */
export function Whole(unit: string, min: number, max: number): PropertyDecorator {
  return all(
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' && DECIMAL.test(value) ? Number(value) : value,
    ),
    rule(
      `a whole number from ${min} to ${max} (${unit}), in decimal digits`,
      (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max,
      true,
    ),
  );
}

/**
 * One of the given words.
 *
 * @param offered which of them the message offers, where other settings forbid some; all of them unless given
 */
export function OneOf<T extends object>(
  words: readonly string[],
  offered: (settings: T) => readonly string[] = () => words,
): PropertyDecorator {
  const oneOf = (some: readonly string[]) => `one of ${some.filter(Boolean).join(', ')}`;
  const accepts = (value: unknown) => words.some((word) => word === value);
  return rule<T>(oneOf(words), accepts, true, (settings) => oneOf(offered(settings)));
}

/** A text that matches the pattern. @param expected the pattern in words */
export function Text(pattern: RegExp, expected: string): PropertyDecorator {
  return rule(expected, (value) => typeof value === 'string' && pattern.test(value));
}

/** Comma-separated values. White space around them and empty ones are dropped. Each value must be accepted. */
export function ListOf(expected: string, accepts: (item: string) => boolean): PropertyDecorator {
  return all(
    Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? items(value) : value)),
    rule(expected, (value) => Array.isArray(value) && value.every((item) => typeof item === 'string' && accepts(item))),
  );
}

/** The comma-separated values of a text, without white space around them and without empty ones. */
export function items(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** A text that the function accepts. @param expected what it accepts, in words */
export function Accepted(expected: string, accepts: (text: string) => boolean): PropertyDecorator {
  return rule(expected, (value) => typeof value === 'string' && accepts(value));
}

/** The URL of an HTTP proxy, or none. Without a scheme, such as `proxy:3128`, it is an `http:` one, as for curl. */
export function ProxyUrl(): PropertyDecorator {
  return all(
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' && value !== '' && !value.includes('://') ? `http://${value}` : value,
    ),
    Accepted(
      'an http:// or https:// URL of a proxy, with user and password if it wants them',
      (text) => text === '' || isUrl(text, ['http:', 'https:']),
    ),
  );
}

/** The URL of an API. @param need what else the message says, such as `, as UPSTREAM_AUTH=iam needs it` */
export function BaseUrl(need = ''): PropertyDecorator {
  return Accepted(
    `an http:// or https:// URL without user, query and fragment${need}`,
    (text) => isUrl(text, ['http:', 'https:']) && !/[?#@\s]/.test(text),
  );
}

/** A rule between settings. @param sentence follows the name of the setting in the message: 'must be …' */
export function Holds<T extends object>(sentence: string, holds: (settings: T) => boolean): PropertyDecorator {
  return ValidateBy({
    name: sentence,
    validator: { validate: (_, args) => holds(args?.object as T), defaultMessage: () => sentence },
  });
}

/** The other rules of this setting apply only if the condition is true. */
export function When<T extends object>(condition: (settings: T) => boolean): PropertyDecorator {
  return ValidateIf((settings: object) => condition(settings as T));
}

/** Whether a text is a URL with one of these schemes and a host, without fragment. @param path `none`: an origin alone */
export function isUrl(text: string, schemes: readonly string[], path: 'any' | 'none' = 'any'): boolean {
  if (!URL.canParse(text)) {
    return false;
  }
  const url = new URL(text);
  return (
    schemes.includes(url.protocol) && url.host !== '' && url.hash === '' && (path === 'any' || url.origin === text)
  );
}
