import type { CaseId } from '../model/ticket.js';
import { isTryingCursor, type CursorTrial } from './cursor-trial.js';

/**
 * The state of a bisection between two steps. A bisection finds what makes the upstream refuse whole requests: the cursor
 * of the set, or one ticket. Its state is kept with the set, so any worker can take the next step. It is serialisable as
 * JSON.
 *
 * A refusal may concern one ticket, or everything that the account asks: a permission was withdrawn, or the upstream no
 * longer accepts a parameter. The two look the same. So halving only finds a suspect. A ticket is blamed when it was
 * refused alone twice, and the upstream answered for other tickets in between.
 */
export interface Bisection {
  /** A refused ticket is among them, if there is one. */
  readonly suspects: readonly CaseId[];
  /**
   * Tickets that were answered for since the bisection began. Each further step asks for them, too: they keep their
   * pace.
   */
  readonly cleared: readonly CaseId[];
  /** When the bisection began, ms since 1970. */
  readonly since: number;
  /** About the last suspect, after it was refused alone; null before. */
  readonly alone: RefusedAlone | null;
  /** Which cursor the requests have; absent: the set's own. */
  readonly cursorTrial?: CursorTrial;
}

export interface RefusedAlone {
  /** When the suspect was refused alone, ms since 1970. */
  readonly at: number;
  /** The upstream's answer since then for another ticket of the set. */
  readonly others: 'not_asked' | 'answered' | 'refused';
}

/** A request of a bisection that was refused. */
export interface RefusedProbe {
  readonly asked: readonly CaseId[];
  /** Milliseconds since 1970. */
  readonly now: number;
  /**
   * When the newest request was sent that the upstream had answered before this one was sent, for any set, ms since 1970.
   */
  readonly answeredSince: number;
}

/**
 * The bisection that a refused request begins.
 *
 * @param now ms since 1970
 * @param cursorTrial null: the cursor cannot be the reason
 */
export function beginBisection(asked: readonly CaseId[], now: number, cursorTrial: CursorTrial | null): Bisection {
  const begun = { suspects: asked, cleared: [], since: now, alone: null };
  return cursorTrial === null ? begun : { ...begun, cursorTrial };
}

/**
 * The tickets to ask for next: half of the suspects, so that after log2(n) steps one of n tickets is left. The first
 * half is the larger one: if a passing refusal began the bisection, all steps are answered, and this makes their number
 * smallest. The last suspect is asked for alone, then one other ticket, then the suspect again. During a cursor trial all
 * tickets are asked for.
 *
 * @param among the tickets that are bisected
 * @param members tickets of the set that were answered for before; `among` may be tickets that are joining the set
 * @param answeredSince as in {@link RefusedProbe}
 */
export function nextProbe(
  { suspects, cleared, alone, cursorTrial }: Bisection,
  among: readonly CaseId[],
  members: readonly CaseId[],
  answeredSince: number,
): readonly CaseId[] {
  if (isTryingCursor(cursorTrial)) {
    return among;
  }
  if (suspects.length > 1) {
    return [...cleared, ...suspects.slice(0, Math.ceil(suspects.length / 2))];
  }
  if (alone?.others !== 'not_asked' || answeredSince > alone.at) {
    return suspects;
  }
  const others = [cleared, members, among].map((tickets) => tickets.filter((caseId) => !suspects.includes(caseId)));
  // A ticket that was answered for before is the better sample. The time picks one, because any of them may be refused,
  // too.
  const best = others.find((tickets) => tickets.length > 0) ?? suspects;
  return best.slice(Math.floor(alone.at) % best.length).slice(0, 1);
}

/** The ticket that this refusal proves to be refused; null if that is not certain. */
export function refusedTicketOf({ suspects, alone }: Bisection, probe: RefusedProbe): CaseId | null {
  const [only] = suspects;
  const isAlone = only !== undefined && probe.asked.length === 1 && probe.asked[0] === only;
  const isProven = alone !== null && (alone.others === 'answered' || probe.answeredSince > alone.at);
  return isAlone && isProven ? only : null;
}

/** The bisection after a refusal that blames no ticket; null if nothing was learned of any ticket. */
export function afterRefusal(before: Bisection, { asked, now }: RefusedProbe): Bisection | null {
  if (before.cursorTrial === 'accepted') {
    return { ...before, cursorTrial: 'none' };
  }
  const bisection: Bisection = before.cursorTrial === 'none' ? { ...before, cursorTrial: 'over' } : before;
  const suspects = bisection.suspects.filter((caseId) => asked.includes(caseId));
  const { alone } = bisection;
  if (suspects.length === 0) {
    return alone && { ...bisection, alone: { ...alone, others: 'refused' } };
  }
  if (asked.length > 1) {
    return { ...bisection, suspects };
  }
  if (alone === null) {
    return { ...bisection, suspects, alone: { at: now, others: 'not_asked' } };
  }
  return alone.others === 'refused' ? null : bisection;
}

/** The bisection after an answer; null if no suspect is left. */
export function afterAnswer(bisection: Bisection, asked: readonly CaseId[]): Bisection | null {
  const suspects = bisection.suspects.filter((caseId) => !asked.includes(caseId));
  if (suspects.length === 0) {
    return null;
  }
  const { alone } = bisection;
  return alone === null
    ? { ...bisection, suspects, cleared: [...new Set([...bisection.cleared, ...asked])] }
    : { ...bisection, alone: { ...alone, others: 'answered' } };
}

/** The bisection without the tickets that have left the set; null if no suspect is left. */
export function stillWithin(bisection: Bisection, tickets: readonly CaseId[]): Bisection | null {
  const here = new Set(tickets);
  const suspects = bisection.suspects.filter((caseId) => here.has(caseId));
  const cleared = bisection.cleared.filter((caseId) => here.has(caseId));
  return suspects.length === 0 ? null : { ...bisection, suspects, cleared };
}

/** How long the first quarantine of a ticket lasts, ms. */
export const QUARANTINE_FIRST_MS = 60_000;
/** The quarantine doubles with every refusal in a row, up to this, ms. */
export const QUARANTINE_MAX_MS = 1_800_000;

/** How long a ticket is in quarantine, ms. @param refusals number of refusals in a row, 1 or more */
export function quarantineMs(refusals: number): number {
  return Math.min(QUARANTINE_MAX_MS, QUARANTINE_FIRST_MS * 2 ** Math.min(refusals - 1, 20));
}
