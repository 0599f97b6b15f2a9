import {
  REST_MAX_MS,
  REST_MIN_MS,
  type CaseId,
  type CursorHistory,
  type SetCommit,
  type SetRef,
  type TicketSet,
} from '#core';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A ticket set as it is stored. */
export type MemorySet = Omit<Mutable<TicketSet>, 'members' | 'joining'> & {
  readonly members: Set<CaseId>;
  readonly joining: Set<CaseId>;
  heldUntil: number;
  /** Who reserved it until it is due; empty while a poll is in flight. */
  holder: string;
  /** When a hint last made it due. */
  hintedAt: number;
  /** A hint came while a poll was in flight: due then, whatever that poll says. */
  againAt: number | null;
};

export function newMemorySet(ref: SetRef, now: number, dueAt: number): MemorySet {
  return {
    ref,
    fence: 0,
    members: new Set(),
    joining: new Set(),
    cursorHistory: null,
    answerDigest: null,
    order: 'oldest_first',
    activeAt: now,
    dueAt,
    failures: 0,
    bisection: null,
    heldUntil: 0,
    holder: '',
    hintedAt: 0,
    againAt: null,
  };
}

export function sizeOf(set: MemorySet): number {
  return set.members.size + set.joining.size;
}

/** Whether a hint comes while a poll of the set may be in flight; the holder of one that rests hears of it. */
export function inFlight(set: MemorySet, now: number): boolean {
  return set.heldUntil > now && (set.holder === '' || set.dueAt <= now + REST_MIN_MS);
}

/** A set that nobody polls may be changed when it was primed, and no refused ticket is searched for in it. */
export function canTakeTickets(set: MemorySet): boolean {
  return set.members.size > 0 && set.joining.size === 0 && set.bisection === null;
}

/** Moves tickets into a set: as members where one trail serves both, else to be primed. */
export function mergeInto(set: MemorySet, caseIds: readonly CaseId[], cursorHistory: CursorHistory | null): void {
  const numeric = [set.cursorHistory, cursorHistory].every((one) => one !== null && /^\d+$/.test(one.head));
  if (caseIds.length === 0) {
    return;
  }
  // The set is another one now: the result of a poll that was held up beyond its hold would not fit it.
  set.fence += 1;
  caseIds.forEach((caseId) => (numeric ? set.members : set.joining).add(caseId));
  if (
    numeric &&
    set.cursorHistory !== null &&
    cursorHistory !== null &&
    cursorHistory.polledAt < set.cursorHistory.polledAt
  ) {
    set.cursorHistory = cursorHistory;
  }
}

/** Who holds a set after a commit, and until when. */
export function holdAfter(
  { after, now }: SetCommit,
  dueAt: number,
  unsettled: boolean,
): Pick<MemorySet, 'heldUntil' | 'holder'> {
  switch (after?.kind) {
    case 'more':
      return { heldUntil: after.heldUntil, holder: '' };
    case 'rest':
      return dueAt - now <= REST_MAX_MS && !unsettled
        ? { heldUntil: dueAt + after.holdMs, holder: after.holder }
        : { heldUntil: 0, holder: '' };
    case undefined:
      return { heldUntil: 0, holder: '' };
  }
}
