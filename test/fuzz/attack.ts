import { CONFIDENTIAL } from '../harness/log-faults.js';
import type { SeededRandom } from '../harness/seeded-random.js';
import type { SimulatorControl } from '../harness/upstream/simulator-control.js';

export interface AttackContext {
  /** Port of the gateway. */
  readonly port: number;
  readonly random: SeededRandom;
  /** Repeats what fast-check draws. */
  readonly seed: number;
  /** Allows the tickets whose ids begin with `fuzz-`, and hints. */
  readonly token: string;
  /** Controls the simulated upstream. */
  readonly upstream: SimulatorControl;
}

/** One kind of bad input at one door. */
export interface Attack {
  readonly name: string;
  /** Sends it. @returns everything that came back, one character a byte, or texts with what is wrong with them */
  run(context: AttackContext): Promise<string>;
}

/** Marks what an attack itself found wrong in the text that it returns. */
export const WRONG = 'WRONG: ';

const STATUS = /HTTP\/1\.1 (\d{3})/g;
/** Insides of a program: places in the code, names of files. */
const INSIDES = /\bat .+:\d+:\d+|node_modules|"stack"/;

/** What must not be in an answer, whatever was sent. */
export function faultsOf(answer: string): string[] {
  const faults = answer.includes(WRONG) ? [answer.slice(answer.indexOf(WRONG), 300)] : [];
  for (const [, status] of answer.matchAll(STATUS)) {
    // 503 is a refusal of the protocol; every other one is a fault of the gateway.
    if (Number(status) >= 500 && Number(status) !== 503) faults.push(`the status ${status}`);
  }
  if (answer.includes('HTTP/1.1 503') && !answer.includes('"code":"unavailable"')) faults.push('503 without its code');
  if (answer.includes('internal error')) faults.push('an internal error');
  if (INSIDES.test(answer)) faults.push('insides of the program');
  if (answer.includes(CONFIDENTIAL)) faults.push('a message of a ticket without the right to it');
  return faults;
}
