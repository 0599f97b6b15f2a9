import type { CursorHistory } from './cursor-history.js';
import { beginCursorTrial, historyOfTrial, isTryingCursor } from './cursor-trial.js';

const OVERLAP_MS = 2000;
const POLLED_AT = 10_000;
/** Sends `x`, which the upstream gave long before the latest poll. */
const HISTORY: CursorHistory = { head: 'y', polledAt: POLLED_AT, samples: [[1000, 'x']] };

describe('the first trial after a refused poll', () => {
  it('is none if the poll had no cursor', () => {
    expect(beginCursorTrial(null, OVERLAP_MS)).toBeNull();
    expect(beginCursorTrial({ ...HISTORY, samples: [[POLLED_AT, 'x']], accepted: 'w' }, OVERLAP_MS)).toBeNull();
  });

  it('is the cursor that was accepted last, if it is another one', () => {
    expect(beginCursorTrial({ ...HISTORY, accepted: 'w' }, OVERLAP_MS)).toBe('accepted');
  });

  it('is without a cursor if the refused one was accepted before, or if none was', () => {
    expect(beginCursorTrial({ ...HISTORY, accepted: 'x' }, OVERLAP_MS)).toBe('none');
    expect(beginCursorTrial(HISTORY, OVERLAP_MS)).toBe('none');
  });
});

it('a trial has its own cursor, and is over when both are refused', () => {
  const history = { ...HISTORY, accepted: 'w' };
  const trials = [undefined, 'accepted', 'none', 'over'] as const;
  expect(trials.map(isTryingCursor)).toEqual([false, true, true, false]);
  expect(trials.map((trial) => historyOfTrial(trial, history)?.head ?? null)).toEqual(['y', 'w', null, null]);
});
