import { isDeepStrictEqual } from 'node:util';

import { SIGNING_SECRETS } from '../harness/log-faults.js';
import { OwnedProcess } from '../harness/processes/owned-process.js';
import { Program } from '../harness/processes/program.js';
import { SimulatorControl } from '../harness/upstream/simulator-control.js';
import type { Command } from './client-program.js';

/** Sorted, as our own requests are: under this order every SDK's signature is right. */
const CASE_IDS = ['B', 'a', 'a-1', 'b'];
const READ = { B: ['one', 'two'], 'a-1': ['three'] };
const REFUSAL = { status: 401, code: 'APIGW.0301' };

const ACCESS_KEY = 'ACCESSKEY';
const DOMAIN_ID = 'id-of-the-account';
/** Longest run of a program, ms. */
const RUN_MS = 60_000;

/**
 * The official SDK of the upstream reads messages from the simulator with signed requests, and its wrong signature is refused
 * as the upstream documents it. So the simulator is held to what the SDKs expect, and not to our reading of it alone.
 *
 * @param command starts a program that gets the arguments `URL ACCESS_KEY SECRET_KEY BAD_SECRET_KEY DOMAIN_ID CASE_ID…`, and
 *   prints one line of JSON: `{ "read": { ticket: contents }, "refusal": { status, code } }`
 * @returns what went wrong, one sentence each; empty if nothing did
 */
export async function sdkTrial({ command, args, env = {}, cwd }: Command): Promise<readonly string[]> {
  const [secretKey] = SIGNING_SECRETS;
  const simulator = await Program.create('simulator', 'simulator', {
    SIMULATOR_ACCESS_KEY: ACCESS_KEY,
    SIMULATOR_SECRET_KEY: secretKey,
    SIMULATOR_DOMAIN_ID: DOMAIN_ID,
  });
  try {
    await simulator.start();
    const postings = Object.entries(READ).flatMap(([case_id, contents]) =>
      contents.map((content) => ({ case_id, content })),
    );
    for (const posting of postings) await new SimulatorControl(simulator.url).post(posting);
    const given = [simulator.url, ACCESS_KEY, secretKey, 'another secret', DOMAIN_ID, ...CASE_IDS];
    const { PATH = '', HOME = '' } = process.env;
    const sdk = new OwnedProcess(command, [...args, ...given], {
      env: { PATH, HOME, ...env },
      ...(cwd !== undefined && { cwd }),
    });
    const timer = setTimeout(() => void sdk.kill(), RUN_MS);
    const ending = await sdk.ending;
    clearTimeout(timer);
    return ending === 0 ? faultsOf(sdk.stdout) : [`the program ended with ${ending}: ${sdk.stderr.trim()}`];
  } finally {
    await simulator.kill();
  }
}

function faultsOf(printed: string): string[] {
  const { read, refusal } = JSON.parse(printed) as { read: unknown; refusal: unknown };
  return [
    ...(isDeepStrictEqual(read, READ) ? [] : [`read ${JSON.stringify(read)} instead of ${JSON.stringify(READ)}`]),
    ...(isDeepStrictEqual(refusal, REFUSAL) ? [] : [`a wrong signature was refused with ${JSON.stringify(refusal)}`]),
  ];
}
