/** A JSON body or settings that are wrong. Names every problem, not only the first. */
export class InvalidInput extends Error {
  constructor(readonly problems: readonly string[]) {
    super(problems.join('; '));
  }
}

/** A set of accepted values: a test for them, and a description for error texts. */
export interface Kind<T> {
  readonly expected: string;
  readonly accepts: (value: unknown) => value is T;
}

/** One named member of an object. `T` includes undefined if the member may be absent. */
export interface Member<T> {
  readonly kind: Kind<unknown>;
  readonly isRequired: boolean;
  /** Never set. It carries the type of a shape to the result of {@link read}. */
  readonly type?: T;
}

export type Shape = Record<string, Member<unknown>>;
export type Reading<S extends Shape> = { [K in keyof S]: S[K] extends Member<infer T> ? T : never };

export const required = <T>(kind: Kind<T>): Member<T> => ({ kind, isRequired: true });
export const optional = <T>(kind: Kind<T>): Member<T | undefined> => ({ kind, isRequired: false });

export const text = (max: number, min = 0): Kind<string> => ({
  expected: `a string of ${min} to ${max} characters`,
  accepts: (value): value is string => typeof value === 'string' && value.length >= min && value.length <= max,
});

export const integer = (min: number, max: number): Kind<number> => ({
  expected: `an integer from ${min} to ${max}`,
  accepts: (value): value is number => Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max,
});

export const oneOf = <const T extends string | number>(...allowed: readonly T[]): Kind<T> => ({
  expected: `one of ${allowed.join(', ')}`,
  accepts: (value): value is T => allowed.some((each) => each === value),
});

export const flag: Kind<boolean> = {
  expected: 'true or false',
  accepts: (value): value is boolean => typeof value === 'boolean',
};

export const listOf = <T>(item: Kind<T>, min: number, max: number): Kind<T[]> => ({
  expected: `a list of ${min} to ${max}, each ${item.expected}`,
  accepts: (value): value is T[] =>
    Array.isArray(value) && value.length >= min && value.length <= max && value.every((each) => item.accepts(each)),
});

export const record: Kind<Record<string, unknown>> = {
  expected: 'a JSON object',
  accepts: (value): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value),
};

/**
 * Reads an object of the given shape. Absent members stay absent. Unknown names are refused: a misspelt quirk that is
 * ignored would let a test pass without testing anything.
 *
 * @param where put in front of member names in problems, e.g. `messages[3].`
 * @throws InvalidInput
 */
export function read<S extends Shape>(value: unknown, shape: S, where = ''): Reading<S> {
  if (!record.accepts(value)) throw new InvalidInput([`${where || 'the body '}must be ${record.expected}`]);
  const problems = Object.keys(value)
    .filter((name) => !Object.hasOwn(shape, name))
    .map((name) => `${where}${name} is not known here`);
  for (const [name, member] of Object.entries(shape)) {
    const isAbsent = value[name] === undefined;
    if (isAbsent && member.isRequired) problems.push(`${where}${name} is missing: ${member.kind.expected}`);
    if (isAbsent || member.kind.accepts(value[name])) continue;
    problems.push(`${where}${name} must be ${member.kind.expected}`);
  }
  if (problems.length > 0) throw new InvalidInput(problems);
  return value as Reading<S>;
}
