import { isDeepStrictEqual } from 'node:util';
import type { Deployment } from '../harness/processes/deployment.js';
import type { Command } from './client-program.js';
import { runSdkProgram } from './sdk-program.js';

/** Longest run, ms. */
const RUN_MS = 180_000;
/** How many times as many requests as with one client the upstream may have: intervals are not cut evenly. */
const AS_MANY = 1.5;

interface Printed {
  /** What the upstream and the gateway have said, round by round. */
  readonly rounds: Readonly<Record<'upstream' | 'gateway', readonly { readonly immsg: object }[]>>;
  readonly costs: readonly { readonly clients: number; readonly polls: number; readonly requests_per_s: number }[];
}

/**
 * The official SDK polls the gateway as it polls the upstream: a conversation is the same by both ways, field by field, and 200
 * such clients cost the upstream what one costs.
 *
 * @param command gets the arguments `UPSTREAM GATEWAY ACCESS_KEY SECRET_KEY DOMAIN_ID CASE_ID…`
 * @returns what went wrong, one sentence each; empty if nothing did
 */
export async function sdkPollsTrial(
  command: Command,
  deployment: Deployment,
  credentials: readonly string[],
): Promise<readonly string[]> {
  const given = [deployment.upstream.url, deployment.gateway().url, ...credentials];
  const printed = await runSdkProgram<Printed>(command, given, RUN_MS);
  return typeof printed === 'string' ? [`polling: ${printed}`] : faultsOf(printed);
}

function faultsOf({ rounds: { upstream, gateway }, costs }: Printed): string[] {
  const faults = upstream.flatMap((said, round) =>
    isDeepStrictEqual(said, gateway[round])
      ? []
      : [
          `round ${round}: the gateway said ${JSON.stringify(gateway[round])}, and the upstream ${JSON.stringify(said)}`,
        ],
  );
  const [one, many] = costs;
  if (upstream.some(({ immsg }) => Object.keys(immsg).length === 0)) faults.push('a round had no messages');
  if (upstream.length === 0 || one === undefined || many === undefined) return [...faults, 'nothing was polled'];
  if (many.polls < many.clients) faults.push(`${many.clients} clients polled only ${many.polls} times`);
  if (many.requests_per_s > one.requests_per_s * AS_MANY) {
    faults.push(
      `${many.clients} clients cost the upstream ${many.requests_per_s.toFixed(1)} requests per second, and one ${one.requests_per_s.toFixed(1)}`,
    );
  }
  return faults;
}
