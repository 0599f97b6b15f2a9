import {
  ABOUT_TO_POLL_MS,
  RESERVATION_MAX_MS,
  type CaseId,
  type SetCommit,
  type SetLease,
  type SetRef,
  type TicketSet,
} from '#core';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A ticket set as it is stored. */
export type MemorySet = Omit<Mutable<TicketSet>, 'members' | 'joining'> & {
  readonly members: Set<CaseId>;
  readonly joining: Set<CaseId>;
  lease: SetLease | null;
  /** When a hint last made the set due, ms. */
  hintedAt: number;
  /** A hint came while a poll was in flight: the set is due then, ms, whatever that poll finds. */
  againAt: number | null;
  /** When the upstream last answered for its members, ms. */
  answeredAt: number | null;
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
    isUnknown: false,
    lease: null,
    hintedAt: 0,
    againAt: null,
    answeredAt: null,
  };
}

export function sizeOf(set: MemorySet): number {
  return set.members.size + set.joining.size;
}

export function isLeased({ lease }: MemorySet, now: number): boolean {
  return lease !== null && lease.until > now;
}

/** Whether a poll of the set may be in flight. The owner of a leased set that is due later is woken by a hint. */
export function isPolled(set: MemorySet, now: number): boolean {
  return isLeased(set, now) && set.dueAt <= now + ABOUT_TO_POLL_MS;
}

/** A set may be changed if it is not leased, has no joining tickets, and has no bisection. */
export function canTakeTickets(set: MemorySet): boolean {
  return set.members.size > 0 && set.joining.size === 0 && set.bisection === null;
}

/** Moves tickets into a set: as members if one cursor history serves both, else as joining tickets. */
export function mergeInto(
  set: MemorySet,
  caseIds: readonly CaseId[],
  { cursorHistory, isUnknown }: Pick<MemorySet, 'cursorHistory' | 'isUnknown'>,
): void {
  const numeric = [set.cursorHistory, cursorHistory].every((one) => one !== null && /^\d+$/.test(one.head));
  if (caseIds.length === 0) {
    return;
  }
  set.isUnknown &&= isUnknown;
  // The tickets have changed: the result of a poll that outlived its lease does not fit them.
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

/** The lease of a set after a commit. */
export function leaseAfter(
  set: MemorySet,
  { lease, now }: SetCommit,
  dueAt: number,
  isSuspended: boolean,
): SetLease | null {
  if (set.lease === null) {
    return null;
  }
  const { owner } = set.lease;
  switch (lease?.kind) {
    case 'extend':
      return { owner, until: lease.until };
    case 'reserve':
      return dueAt - now <= RESERVATION_MAX_MS && !isSuspended ? { owner, until: dueAt + lease.leaseMs } : null;
    case undefined:
      return null;
  }
}
