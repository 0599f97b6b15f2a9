import { stripVTControlCharacters } from 'node:util';

import type { Outcome } from './conformance-run.js';
import { NEEDS_HARNESS } from './requirements.js';

const VERDICTS = { passed: 'PASS', failed: 'FAIL', 'not applicable': 'not applicable' } as const;
const ID_WIDTH = 4;
const VERDICT_WIDTH = 15;
const TIME_WIDTH = 8;

/** The verdict of a run about one requirement. */
export interface Verdict {
  readonly id: string;
  readonly state: Outcome['state'];
  /** Why it does not apply, or to which part of it that applies; the titles of failed checks. */
  readonly remark: string;
  /** Duration of the longest of its checks, ms. */
  readonly ms: number;
}

/**
 * A requirement passes if one of its checks has passed, and none has failed.
 *
 * @param outcomes of all checks that name it
 */
export function verdictOf(id: string, outcomes: readonly Outcome[]): Verdict {
  const of = (state: Outcome['state']) => outcomes.filter((each) => each.state === state);
  const ms = Math.max(0, ...outcomes.map((each) => each.ms));
  if (of('failed').length > 0) {
    return {
      id,
      state: 'failed',
      remark: of('failed')
        .map(({ check }) => check.title)
        .join('; '),
      ms,
    };
  }
  const reasons = [...new Set(of('not applicable').map(({ error }) => error?.message ?? ''))];
  if (of('passed').length > 0) {
    return { id, state: 'passed', remark: reasons.map((reason) => `in part: another check ${reason}`).join('; '), ms };
  }
  const harness = NEEDS_HARNESS[id];
  const remark = harness ? `needs the deployment's own harness: ${harness}` : reasons.join('; ');
  return { id, state: 'not applicable', remark, ms };
}

/** Formats a verdict: `E1   PASS              0.4 s`, with a remark if there is one. */
export function verdictLine({ id, state, remark, ms }: Verdict): string {
  const time = state === 'not applicable' ? '' : `${(ms / 1000).toFixed(1)} s`;
  const columns = [id.padEnd(ID_WIDTH), VERDICTS[state].padEnd(VERDICT_WIDTH), time.padStart(TIME_WIDTH)];
  return `${columns.join(' ')}${remark && `  ${remark}`}`.trimEnd();
}

/** The failed checks, each with its whole error. */
export function failureTexts(outcomes: readonly Outcome[]): string[] {
  return outcomes.flatMap(({ check, state, error }) =>
    state === 'failed' ? [`\n${check.title}\n${stripVTControlCharacters(error?.stack ?? '')}`] : [],
  );
}
