import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';

/** Some settings are wrong. The message names each of them on its own line, and contains no secret. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';

  constructor(readonly faults: readonly string[]) {
    super(`wrong settings:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
  }
}

/**
 * Reads the settings that a class declares: the property `pollIntervalMs` from `POLL_INTERVAL_MS`, and so on. A variable
 * that is not set, or is empty, leaves the default of the class; a text without a default is ''.
 *
 * @throws {SettingsError} naming all faults at once
 */
export function readAs<T extends object>(Shape: new () => T, env: NodeJS.ProcessEnv = process.env): Readonly<T> {
  const given: Record<string, string> = {};
  for (const property of Object.keys(new Shape())) {
    const text = textOf(env, variableOf(property));
    if (text !== undefined && text !== '') {
      given[property] = text;
    }
  }
  const settings = plainToInstance(Shape, given);
  const faults = validateSync(settings).flatMap(({ property, constraints }) =>
    Object.values(constraints ?? {}).map((text) => `${variableOf(property)} ${text}`),
  );
  if (faults.length > 0) {
    throw new SettingsError(faults);
  }
  return Object.freeze(settings);
}

/** Many systems set these in lower case only. If both are set, the lower case counts, as for curl. */
const LOWER_CASE_TOO = new Set(['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY']);

function textOf(env: NodeJS.ProcessEnv, variable: string): string | undefined {
  return (LOWER_CASE_TOO.has(variable) && env[variable.toLowerCase()]) || env[variable];
}

/** The variable of a property: `POLL_INTERVAL_MS` of `pollIntervalMs`. */
export function variableOf(property: string): string {
  return property.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}
