import type { CaseId } from './ticket.js';

/**
 * The search for the one ticket because of which the upstream refuses whole requests, between two of its steps. It is
 * kept with the set, so that any worker can take the next step. Serialisable as JSON.
 */
export interface Search {
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
}

/** The search that a refused request begins. */
export function beginSearch(asked: readonly CaseId[]): Search {
  return { suspects: asked, cleared: [], answered: false, proven: false };
}

/**
 * What to ask for next: half of the suspects, so that of n tickets one is found within log2(n) steps, and one more
 * where it has to be asked for by itself to be sure. The first half is the larger one: a search that was begun by a
 * passing refusal only meets answers, and is the shortest.
 */
export function nextQuestion({ suspects, cleared }: Search): readonly CaseId[] {
  return suspects.length === 1 ? suspects : [...cleared, ...suspects.slice(0, Math.ceil(suspects.length / 2))];
}

/** What remains of a search when that question was refused. */
export function afterRefusal(search: Search, asked: readonly CaseId[]): Search {
  return {
    suspects: search.suspects.filter((caseId) => asked.includes(caseId)),
    cleared: search.cleared,
    answered: search.answered,
    proven: search.proven || search.answered || asked.length === 1,
  };
}

/** What remains of a search when that question was answered: null where nobody is suspected any more. */
export function afterAnswer(search: Search, asked: readonly CaseId[]): Search | null {
  const suspects = search.suspects.filter((caseId) => !asked.includes(caseId));
  const cleared = [...new Set([...search.cleared, ...asked])];
  return suspects.length === 0 ? null : { suspects, cleared, answered: true, proven: search.proven };
}

/** A search as it stands when some tickets may have left the set: it may have been because of one of them. */
export function stillWithin(search: Search, tickets: readonly CaseId[]): Search | null {
  const here = new Set(tickets);
  const suspects = search.suspects.filter((caseId) => here.has(caseId));
  const cleared = search.cleared.filter((caseId) => here.has(caseId));
  const proven = search.proven && suspects.length === search.suspects.length;
  return suspects.length === 0 ? null : { suspects, cleared, answered: search.answered, proven };
}

/** The refused ticket, once it is found. */
export function culpritOf({ suspects: [only, ...others], proven }: Search): CaseId | null {
  return only !== undefined && others.length === 0 && proven ? only : null;
}

/** How long a ticket that the upstream refuses is left alone the first time, ms. */
export const APART_FIRST_MS = 60_000;
/** Doubled with every refusal in a row up to this, ms. */
export const APART_MAX_MS = 1_800_000;

/** How long a ticket stays apart that was refused so many times in a row, ms. */
export function apartFor(refusals: number): number {
  return Math.min(APART_MAX_MS, APART_FIRST_MS * 2 ** Math.min(refusals - 1, 20));
}
