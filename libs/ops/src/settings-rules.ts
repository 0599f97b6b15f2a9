import { Transform } from 'class-transformer';
import { ValidateBy, ValidateIf, type ValidationArguments } from 'class-validator';

/**
 * The rules that settings are checked by. Each is one decorator that says in words what it expects; the words end up
 * in the message that an operator reads. Values are shown for numbers and choices only: a text may be a secret.
 */
function rule(expected: string, accepts: (value: unknown) => boolean, shown = false): PropertyDecorator {
  return ValidateBy({
    name: expected,
    validator: {
      validate: accepts,
      defaultMessage: (args) => `${complaint(args, shown)}: expected ${expected}`,
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

/** 15 digits are always below 2^53. Signs, exponents, hexadecimal and white space are more likely slips than meant. */
const DECIMAL = /^\d{1,15}$/;

/** A whole number of what `unit` says, written in decimal digits. */
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

/** One of a few words. */
export function OneOf(words: readonly string[]): PropertyDecorator {
  return rule(`one of ${words.filter(Boolean).join(', ')}`, (value) => words.some((word) => word === value), true);
}

/** A text that matches; `expected` says so in words. */
export function Text(pattern: RegExp, expected: string): PropertyDecorator {
  return rule(expected, (value) => typeof value === 'string' && pattern.test(value));
}

/** Comma-separated values; white space around them and empty ones are dropped. Each must pass. */
export function ListOf(expected: string, accepts: (item: string) => boolean): PropertyDecorator {
  return all(
    Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? items(value) : value)),
    rule(expected, (value) => Array.isArray(value) && value.every((item) => typeof item === 'string' && accepts(item))),
  );
}

/** The comma-separated values of a text. */
export function items(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** A text that a function accepts. */
export function Accepted(expected: string, accepts: (text: string) => boolean): PropertyDecorator {
  return rule(expected, (value) => typeof value === 'string' && accepts(value));
}

/** What must hold between settings, told under the name of the one it stands at by `sentence`: 'must be …'. */
export function Holds<T extends object>(sentence: string, holds: (settings: T) => boolean): PropertyDecorator {
  return ValidateBy({
    name: sentence,
    validator: { validate: (_, args) => holds(args?.object as T), defaultMessage: () => sentence },
  });
}

/** The rules of this setting apply only then. */
export function When<T extends object>(condition: (settings: T) => boolean): PropertyDecorator {
  return ValidateIf((settings: object) => condition(settings as T));
}

/** Whether a text is a URL of one of these schemes with a host, and without what a base URL cannot have. */
export function isUrl(text: string, schemes: readonly string[], path: 'any' | 'none' = 'any'): boolean {
  if (!URL.canParse(text)) {
    return false;
  }
  const url = new URL(text);
  return (
    schemes.includes(url.protocol) && url.host !== '' && url.hash === '' && (path === 'any' || url.origin === text)
  );
}
