import type { Program } from './processes/program.js';
import { REDIS_PASSWORD } from './processes/redis-server.js';
import { JWT_SECRET } from './clients/tokens.js';

/** Part of every content that tests post, so that any content in a log line is found. */
export const CONFIDENTIAL = 'confidential';
/** The token of the worker for the upstream. */
export const UPSTREAM_TOKEN = 'e2e-upstream-token-of-the-account';

/** Secrets of the access key that signs requests. */
export const SIGNING_SECRETS = ['secret-of-the-key', 'token-of-the-temporary-key'] as const;

/** A password that IAM refuses. */
export const WRONG_PASSWORD = 'pass:of-nobody';

/** Password of the proxy for requests to the upstream. */
export const PROXY_PASSWORD = 'pass:of@the-proxy';

const FORBIDDEN: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['a JWT', /eyJ[\w-]{8,}\.[\w-]+\./],
  [
    'a secret of the settings',
    new RegExp(`${JWT_SECRET}|${UPSTREAM_TOKEN}|${SIGNING_SECRETS.join('|')}|${REDIS_PASSWORD}|pass(:|%3A)of`),
  ],
  ['a message content', new RegExp(CONFIDENTIAL)],
];
/** A line of a stack trace: at the start of a line, or after an escaped line break in JSON. */
const STACK = /(?:^|\\n)\s+at .+:\d+:\d+/m;

export interface LogAllowances {
  /**
   * Warnings and errors may have a stack trace, because the test makes faults such as a stopped Redis. Set it only if no
   * client can cause them.
   */
  readonly stackTraces?: boolean;
}

/** What a program has logged and must not log: one sentence for each fault. */
export function logFaults(program: Program, allowed: LogAllowances = {}): string[] {
  const faults: string[] = [];
  const tell = (what: string, line: string) => faults.push(`${program.name} logged ${what}: ${line.slice(0, 600)}`);
  for (const line of [...program.stdout.split('\n'), ...program.stderr.split('\n')]) {
    for (const [what, pattern] of FORBIDDEN) if (pattern.test(line)) tell(what, line);
    if (STACK.test(line) && !(allowed.stackTraces && isWarning(line))) tell('a stack trace', line);
  }
  for (const line of program.stdout.split('\n').filter(Boolean)) {
    if (!isJson(line)) tell('a line that is no JSON', line);
  }
  if (program.stderr.trim() !== '') tell('to stderr', program.stderr);
  return faults;
}

function isWarning(line: string): boolean {
  return isJson(line) && ['warn', 'error'].includes((JSON.parse(line) as { level?: string }).level ?? '');
}

function isJson(line: string): boolean {
  try {
    return typeof JSON.parse(line) === 'object';
  } catch {
    return false;
  }
}
