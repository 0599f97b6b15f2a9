import { flag, integer, InvalidInput, oneOf, optional, read, type Reading, record, required, text } from './fields.js';
import { readReaderTokens } from './identity/reader-tokens.js';
import { type ReaderTokens } from './identity/tokens.js';
import { type QuirkSet, readQuirks } from './quirks.js';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** Injection token. */
export const SETTINGS = Symbol('settings');

export interface KeyPair {
  readonly accessKey: string;
  readonly secretKey: string;
  /** If one of the next three is set, requests must send and sign it. The first makes the key a temporary one. */
  readonly securityToken?: string;
  readonly domainId?: string;
  readonly projectId?: string;
}

export interface Settings {
  readonly host: string;
  readonly port: number;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  /** The `X-Auth-Token` that is valid; if it is empty, every token is. */
  readonly token: string;
  readonly iamUser: string;
  readonly iamPassword: string;
  /** If it is absent, no signed request is accepted. */
  readonly keyPair?: KeyPair;
  /** Tokens that may read some tickets only. */
  readonly readers: ReaderTokens;
  readonly demo: boolean;
  readonly quirks: Partial<QuirkSet>;
}

export type Environment = Readonly<Record<string, string | undefined>>;

const SHAPE = {
  HOST: required(text(255, 1)),
  PORT: required(integer(0, 65_535)),
  LOG_LEVEL: required(oneOf(...LOG_LEVELS)),
  SIMULATOR_TOKEN: required(text(5_000)),
  SIMULATOR_IAM_USER: required(text(64, 1)),
  SIMULATOR_IAM_PASSWORD: required(text(128, 1)),
  SIMULATOR_ACCESS_KEY: optional(text(128, 1)),
  SIMULATOR_SECRET_KEY: optional(text(128, 1)),
  SIMULATOR_SECURITY_TOKEN: optional(text(5_000, 1)),
  SIMULATOR_DOMAIN_ID: optional(text(64, 1)),
  SIMULATOR_PROJECT_ID: optional(text(64, 1)),
  SIMULATOR_TOKENS: optional(record),
  SIMULATOR_DEMO: required(flag),
  SIMULATOR_QUIRKS: optional(record),
  /** The older name of `SIMULATOR_QUIRKS`. */
  SIMULATOR_ODDITIES: optional(record),
};

/**
 * Reads the settings from the environment. An empty value counts as absent.
 *
 * @throws InvalidInput naming each wrong setting without its value, because some are secrets
 */
export function readSettings(env: Environment): Settings {
  const problems: string[] = [];
  const attempt = <T>(reading: () => T): T | undefined => {
    try {
      return reading();
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error;
      problems.push(...error.problems);
      return undefined;
    }
  };

  const given = withDefaults(env);
  const values = attempt(() => read(given, SHAPE));
  const name = given.SIMULATOR_ODDITIES === undefined ? 'SIMULATOR_QUIRKS' : 'SIMULATOR_ODDITIES';
  const quirks = attempt(() => readQuirks(given[name] ?? {}, `${name}.`));
  const readers = attempt(() => readReaderTokens(given.SIMULATOR_TOKENS ?? {}, 'SIMULATOR_TOKENS'));
  if (given.SIMULATOR_QUIRKS !== undefined && given.SIMULATOR_ODDITIES !== undefined) {
    problems.push('SIMULATOR_QUIRKS and SIMULATOR_ODDITIES are two names of one setting: set SIMULATOR_QUIRKS');
  }
  if (!given.SIMULATOR_ACCESS_KEY !== !given.SIMULATOR_SECRET_KEY) {
    problems.push('SIMULATOR_ACCESS_KEY and SIMULATOR_SECRET_KEY go together: set both or none');
  }
  if (!values || !quirks || !readers || problems.length > 0) throw new InvalidInput(problems);

  return {
    host: values.HOST,
    port: values.PORT,
    logLevel: values.LOG_LEVEL,
    token: values.SIMULATOR_TOKEN,
    iamUser: values.SIMULATOR_IAM_USER,
    iamPassword: values.SIMULATOR_IAM_PASSWORD,
    keyPair: keyPairOf(values),
    readers,
    demo: values.SIMULATOR_DEMO,
    quirks,
  };
}

function keyPairOf(values: Reading<typeof SHAPE>): KeyPair | undefined {
  const { SIMULATOR_ACCESS_KEY: accessKey, SIMULATOR_SECRET_KEY: secretKey } = values;
  if (!accessKey || !secretKey) return undefined;
  return {
    accessKey,
    secretKey,
    securityToken: values.SIMULATOR_SECURITY_TOKEN,
    domainId: values.SIMULATOR_DOMAIN_ID,
    projectId: values.SIMULATOR_PROJECT_ID,
  };
}

function withDefaults(env: Environment) {
  return {
    HOST: env.HOST || '0.0.0.0',
    PORT: env.PORT ? Number(env.PORT) : 3002,
    LOG_LEVEL: env.LOG_LEVEL || 'info',
    SIMULATOR_TOKEN: env.SIMULATOR_TOKEN ?? '',
    SIMULATOR_IAM_USER: env.SIMULATOR_IAM_USER || 'demo',
    SIMULATOR_IAM_PASSWORD: env.SIMULATOR_IAM_PASSWORD || 'demo',
    SIMULATOR_ACCESS_KEY: env.SIMULATOR_ACCESS_KEY || undefined,
    SIMULATOR_SECRET_KEY: env.SIMULATOR_SECRET_KEY || undefined,
    SIMULATOR_SECURITY_TOKEN: env.SIMULATOR_SECURITY_TOKEN || undefined,
    SIMULATOR_DOMAIN_ID: env.SIMULATOR_DOMAIN_ID || undefined,
    SIMULATOR_PROJECT_ID: env.SIMULATOR_PROJECT_ID || undefined,
    SIMULATOR_TOKENS: parsed(env.SIMULATOR_TOKENS, undefined),
    SIMULATOR_DEMO: parsed(env.SIMULATOR_DEMO, false),
    SIMULATOR_QUIRKS: parsed(env.SIMULATOR_QUIRKS, undefined),
    SIMULATOR_ODDITIES: parsed(env.SIMULATOR_ODDITIES, undefined),
  };
}

/** The JSON value of a setting. A text that is not JSON stays a text, which the shape refuses. */
function parsed(value: string | undefined, absent: unknown): unknown {
  if (!value) return absent;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
