import type { CaseId } from '../model/ticket.js';

/**
 * The search for the one ticket because of which the upstream refuses whole requests, between two of its steps. It is
 * kept with the set, so that any worker can take the next step. Serialisable as JSON.
 */
export interface Bisection {
  /** A refused ticket is among them. */
  readonly suspects: readonly CaseId[];
  /** Answered for since the search began: asked for along with every further step, so that they keep their pace. */
  readonly cleared: readonly CaseId[];
  /** Whether anything was answered since the search began. */
  readonly answered: boolean;
  /**
   * Whether refusals were seen to depend on what is asked for: one came after an answer, or to a ticket asked for by
   * itself. Before that the upstream may have refused just anything for a moment, and nobody is blamed by elimination.
   */
  readonly proven: boolean;
  /**
   * Of a wary search, whose refusals may as well be about whatever is asked: since when, ms. A refusal proves something
   * once the upstream has answered for others since, here or elsewhere.
   */
  readonly unconfirmedSince?: number;
  /**
   * Of a wary search: whether the last suspect was refused when it was asked for by itself, by an upstream that answered
   * for others. What narrowed the search down to it may have been refusals of everything.
   */
  readonly confirmed?: boolean;
}

/** The search that a refused request begins. */
export function beginBisection(asked: readonly CaseId[]): Bisection {
  return { suspects: asked, cleared: [], answered: false, proven: false };
}

/** The search that begins with a request that was refused for whatever reason. */
export function beginUnconfirmedBisection(asked: readonly CaseId[], now: number): Bisection {
  return { ...beginBisection(asked), unconfirmedSince: now };
}

/**
 * What to ask for next: half of the suspects, so that of n tickets one is found within log2(n) steps, and one more
 * where it has to be asked for by itself to be sure. The first half is the larger one: a search that was begun by a
 * passing refusal only meets answers, and is the shortest.
 *
 * A wary search that comes down to one ticket without any answer asks for the others, and at the first answer for all:
 * only if they are refused again was it because of a ticket.
 *
 * @param tickets among whom is searched
 */
export function nextProbe(bisection: Bisection, tickets: readonly CaseId[]): readonly CaseId[] {
  const { suspects, cleared } = bisection;
  if (bisection.unconfirmedSince !== undefined && !bisection.proven) {
    const others = tickets.filter((caseId) => !suspects.includes(caseId));
    if (bisection.answered) {
      return tickets;
    }
    if (suspects.length === 1 && others.length > 0) {
      return others;
    }
  }
  return suspects.length === 1 ? suspects : [...cleared, ...suspects.slice(0, Math.ceil(suspects.length / 2))];
}

/**
 * What remains of a search when that question was refused: null where a wary one learned nothing of any ticket.
 *
 * @param answeredSince when a request was sent that the upstream had answered before it was asked this, ms since 1970
 */
export function afterRefusal(bisection: Bisection, asked: readonly CaseId[], answeredSince: number): Bisection | null {
  const suspects = bisection.suspects.filter((caseId) => asked.includes(caseId));
  const { unconfirmedSince } = bisection;
  const proves = unconfirmedSince === undefined ? asked.length === 1 : answeredSince > unconfirmedSince;
  const proven = bisection.proven || bisection.answered || proves;
  const confirmed = proven && asked.length === 1;
  return suspects.length === 0 ? null : { ...bisection, suspects, proven, ...(confirmed && { confirmed }) };
}

/** What remains of a search when that question was answered: null where nobody is suspected any more. */
export function afterAnswer(bisection: Bisection, asked: readonly CaseId[]): Bisection | null {
  const suspects = bisection.suspects.filter((caseId) => !asked.includes(caseId));
  const cleared = [...new Set([...bisection.cleared, ...asked])];
  return suspects.length === 0 ? null : { ...bisection, suspects, cleared, answered: true };
}

/** A search as it stands when some tickets may have left the set: it may have been because of one of them. */
export function stillWithin(bisection: Bisection, tickets: readonly CaseId[]): Bisection | null {
  const here = new Set(tickets);
  const suspects = bisection.suspects.filter((caseId) => here.has(caseId));
  const cleared = bisection.cleared.filter((caseId) => here.has(caseId));
  const proven = bisection.proven && suspects.length === bisection.suspects.length;
  return suspects.length === 0 ? null : { ...bisection, suspects, cleared, proven };
}

/** The refused ticket, once it is found. */
export function refusedTicketOf({ suspects, proven, unconfirmedSince, confirmed = false }: Bisection): CaseId | null {
  const [only, ...others] = suspects;
  return only !== undefined && others.length === 0 && proven && (unconfirmedSince === undefined || confirmed)
    ? only
    : null;
}

/** How long a ticket that the upstream refuses is left alone the first time, ms. */
export const QUARANTINE_FIRST_MS = 60_000;
/** Doubled with every refusal in a row up to this, ms. */
export const QUARANTINE_MAX_MS = 1_800_000;

/** How long a ticket stays apart that was refused so many times in a row, ms. */
export function quarantineMs(refusals: number): number {
  return Math.min(QUARANTINE_MAX_MS, QUARANTINE_FIRST_MS * 2 ** Math.min(refusals - 1, 20));
}
