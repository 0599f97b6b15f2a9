import type { Need } from './target.js';
import type { Trial } from './trial.js';

/** A test of the protocol that runs against any deployment. */
export interface Check {
  /** Begins with the ids of the requirements that it tests: `E1 E5: …`. */
  readonly title: string;
  readonly needs: readonly Need[];
  run(trial: Trial): Promise<void>;
}

/** @param needs everything that a deployment may lack */
export function check(title: string, run: Check['run'], ...needs: Need[]): Check {
  return { title, needs, run };
}

const IDS = /^((?:[A-Z]\d+ )*[A-Z]\d+): /;

/** The requirements that a title names at its start; none if it names none. */
export function idsOf(title: string): readonly string[] {
  return IDS.exec(title)?.[1]?.split(' ') ?? [];
}
