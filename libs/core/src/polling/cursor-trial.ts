import { acceptedHistory, cursorToSend, type CursorHistory } from './cursor-history.js';

/**
 * Which cursor the requests of a bisection have, if the upstream may refuse the cursor itself. A refused cursor and a refused
 * ticket look the same. So the set is first polled with the cursor that the upstream accepted last (`accepted`), then without
 * a cursor (`none`). If both are refused, the cursor is not the only reason (`over`): the bisection halves the set, and its
 * requests have no cursor.
 *
 * Nothing is lost, because both polls begin earlier than the refused cursor. Nothing is told twice, because the store knows
 * what is delivered.
 */
export type CursorTrial = 'accepted' | 'none' | 'over';

/** The first trial after a refused poll of a set's members; null if the poll had no cursor. */
export function beginCursorTrial(cursorHistory: CursorHistory | null, overlapMs: number): CursorTrial | null {
  const refused = cursorToSend(cursorHistory, overlapMs);
  if (refused === null) {
    return null;
  }
  const accepted = cursorToSend(acceptedHistory(cursorHistory), overlapMs);
  return accepted === null || accepted === refused ? 'none' : 'accepted';
}

/** Whether the next request shows if the cursor is the reason. */
export function isTryingCursor(trial: CursorTrial | undefined): boolean {
  return trial === 'accepted' || trial === 'none';
}

/** The cursor history for the next request of a bisection. @param trial undefined: the set's own */
export function historyOfTrial(
  trial: CursorTrial | undefined,
  cursorHistory: CursorHistory | null,
): CursorHistory | null {
  switch (trial) {
    case undefined:
      return cursorHistory;
    case 'accepted':
      return acceptedHistory(cursorHistory);
    case 'none':
    case 'over':
      return null;
  }
}
