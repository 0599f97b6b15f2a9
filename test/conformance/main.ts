import { parseArgs } from 'node:util';

import { idsOf } from './check.js';
import { CHECKS } from './checks.js';
import { ConformanceRun, expectDelivery } from './conformance-run.js';
import { failureTexts, verdictLine, verdictOf, type Verdict } from './report.js';
import { requirementIds } from './requirements.js';
import { DEFAULT_LIMITS, Target } from './target.js';

const USAGE = `npm run conformance -- --url <gateway> --control <simulator> (--token <jwt> | --secret <AUTH_JWT_SECRET>)

  --url                         base URL of the gateway that is checked
  --control                     base URL of the simulator that its workers poll
  --token                       a token that allows every ticket; checks that need others are left out
  --secret                      the secret to make tokens with (HS256)
  --claims                      further claims of those tokens, JSON: '{"aud":"pollcast"}'
  --only                        ids of requirements with commas in between: E1,S3
  --history-max-events          HISTORY_MAX_EVENTS of the gateway (${DEFAULT_LIMITS.historyMaxEvents})
  --max-cases-per-subscription  MAX_CASES_PER_SUBSCRIPTION of the gateway (${DEFAULT_LIMITS.maxCases})
  --sse-heartbeat-ms            SSE_HEARTBEAT_MS of the gateway (${DEFAULT_LIMITS.heartbeatMs})
`;

const OPTIONS = {
  url: { type: 'string' },
  control: { type: 'string' },
  token: { type: 'string' },
  secret: { type: 'string' },
  claims: { type: 'string', default: '{}' },
  only: { type: 'string' },
  'history-max-events': { type: 'string', default: String(DEFAULT_LIMITS.historyMaxEvents) },
  'max-cases-per-subscription': { type: 'string', default: String(DEFAULT_LIMITS.maxCases) },
  'sse-heartbeat-ms': { type: 'string', default: String(DEFAULT_LIMITS.heartbeatMs) },
} as const;

/** Exit code of a command that was called wrongly, or of a target that cannot be checked. */
const UNUSABLE = 2;

/** `npm run conformance`: checks a running deployment against PROTOCOL.md, and prints a line for each requirement. */
async function main(): Promise<number> {
  const { values } = parseArgs({ options: OPTIONS });
  const { url, control, token, secret, claims, only } = values;
  if (url === undefined || control === undefined) throw new Error('--url and --control are missing');
  const limits = {
    historyMaxEvents: positive('history-max-events', values['history-max-events']),
    maxCases: positive('max-cases-per-subscription', values['max-cases-per-subscription']),
    heartbeatMs: positive('sse-heartbeat-ms', values['sse-heartbeat-ms']),
  };
  const parsedClaims = JSON.parse(claims) as Record<string, unknown>;
  const target = new Target({ gatewayUrl: url, controlUrl: control, token, secret, claims: parsedClaims, limits });
  const ids = chosen(only);
  await expectDelivery(target);

  const run = new ConformanceRun(
    CHECKS.filter(({ title }) => idsOf(title).some((id) => ids.includes(id))),
    target,
  );
  const verdicts: Verdict[] = [];
  for (const id of ids) {
    const own = CHECKS.filter(({ title }) => idsOf(title).includes(id));
    const verdict = verdictOf(id, await Promise.all(own.map((each) => run.outcome(each))));
    verdicts.push(verdict);
    say(verdictLine(verdict));
  }
  const count = (state: string) => verdicts.filter((verdict) => verdict.state === state).length;
  say(...failureTexts(await run.all()));
  say(`\n${count('passed')} passed, ${count('failed')} failed, ${count('not applicable')} not applicable`);
  return count('failed') === 0 ? 0 : 1;
}

/** @throws Error where an id is none of PROTOCOL.md */
function chosen(only: string | undefined): readonly string[] {
  const all = requirementIds();
  if (only === undefined) return all;
  const wanted = only.split(',').map((id) => id.trim());
  const unknown = wanted.filter((id) => !all.includes(id));
  if (unknown.length > 0) throw new Error(`PROTOCOL.md has no requirement ${unknown.join(', ')}`);
  return wanted;
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} must be a whole number above 0, not ${text}`);
  return value;
}

function say(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    process.exit(UNUSABLE);
  },
);
