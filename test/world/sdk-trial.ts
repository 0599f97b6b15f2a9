import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

import { SIGNING_SECRETS } from '../harness/log-faults.js';
import { Deployment } from '../harness/processes/deployment.js';
import type { Command } from './client-program.js';
import { sdkPollsTrial } from './sdk-polls-trial.js';
import { runSdkProgram } from './sdk-program.js';

/** Sorted, as our own requests are: under this order every SDK's signature is right. */
const CASE_IDS = ['B', 'a', 'a-1', 'b'];
const READ = { B: ['one', 'two'], 'a-1': ['three'] };
/** Tickets of the conversation that is polled. */
const POLLED = ['c-1', 'c-2', 'c-3'];
const REFUSAL = { status: 401, code: 'APIGW.0301' };

const ACCESS_KEY = 'ACCESSKEY';
const [SECRET_KEY] = SIGNING_SECRETS;
const DOMAIN_ID = 'id-of-the-account';
/** Longest run of a program, ms. */
const RUN_MS = 60_000;

/** What a program prints. */
interface Printed {
  readonly read: unknown;
  readonly refusal: unknown;
  /** The whole answer but its cursor, as the SDK has read it; absent if the program does not print it. */
  readonly whole?: unknown;
}

/**
 * The official SDK of the upstream reads messages from the simulator with signed requests, and then from a gateway, unchanged
 * but for its endpoint. Its wrong signature is refused as the upstream documents it. So simulator and gateway are held to
 * what the SDKs expect, and not to our reading of it alone.
 *
 * @param command starts a program that gets the arguments `URL ACCESS_KEY SECRET_KEY BAD_SECRET_KEY DOMAIN_ID CASE_ID…`, and
 *   prints one line of JSON: `{ "read": { ticket: contents }, "refusal": { status, code } }`
 * @param polls starts a program that polls both, see {@link sdkPollsTrial}; absent: there is none
 * @returns what went wrong, one sentence each; empty if nothing did
 */
export async function sdkTrial(command: Command, polls?: Command): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sdk-trial-'));
  const keys = join(folder, 'keys.json');
  writeFileSync(
    keys,
    JSON.stringify([{ access_key: ACCESS_KEY, secret_key: SECRET_KEY, cases: [...CASE_IDS, ...POLLED] }]),
  );
  const deployment = new Deployment({
    simulator: {
      SIMULATOR_ACCESS_KEY: ACCESS_KEY,
      SIMULATOR_SECRET_KEY: SECRET_KEY,
      SIMULATOR_DOMAIN_ID: DOMAIN_ID,
    },
    settings: { DROPIN_ACCESS_KEYS_FILE: keys },
  });
  try {
    await deployment.start();
    const postings = Object.entries(READ).flatMap(([case_id, contents]) =>
      contents.map((content) => ({ case_id, content })),
    );
    for (const posting of postings) await deployment.upstream.post(posting);
    const there = await run(command, deployment.upstream.url);
    const here = await run(command, deployment.gateway().url);
    const faults = [...faultsOf('the simulator', there), ...faultsOf('the gateway', here), ...differences(there, here)];
    if (polls === undefined) return faults;
    const credentials = [ACCESS_KEY, SECRET_KEY, DOMAIN_ID, ...POLLED];
    return [...faults, ...(await sdkPollsTrial(polls, deployment, credentials))];
  } finally {
    await deployment.dispose();
    rmSync(folder, { recursive: true });
  }
}

/** @returns what the program printed, or why it printed nothing */
function run(command: Command, url: string): Promise<Printed | string> {
  return runSdkProgram(command, [url, ACCESS_KEY, SECRET_KEY, 'another secret', DOMAIN_ID, ...CASE_IDS], RUN_MS);
}

function faultsOf(server: string, printed: Printed | string): string[] {
  if (typeof printed === 'string') return [`${server}: ${printed}`];
  const { read, refusal } = printed;
  return [
    ...(isDeepStrictEqual(read, READ) ? [] : [`read ${JSON.stringify(read)} instead of ${JSON.stringify(READ)}`]),
    ...(isDeepStrictEqual(refusal, REFUSAL) ? [] : [`a wrong signature was refused with ${JSON.stringify(refusal)}`]),
  ].map((fault) => `${server}: ${fault}`);
}

function differences(there: Printed | string, here: Printed | string): string[] {
  if (typeof there === 'string' || typeof here === 'string' || isDeepStrictEqual(there.whole, here.whole)) return [];
  return [`the gateway answered ${JSON.stringify(here.whole)}, and the upstream ${JSON.stringify(there.whole)}`];
}
