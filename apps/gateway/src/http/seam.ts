import type { PageBefore } from '#core';
import type { OlderPlace } from '#protocol';

/**
 * How much older than a message that is published before it a message may be, s: it becomes visible late, and polls look back
 * for it.
 */
export const LATE_S = 5;
/** A start that depends on the present time is one for all who come within this time, s. */
const ROUND_S = 10;
const SECOND_MS = 1000;

/** Where history ends and the upstream's own past begins. */
export interface Seam {
  /** Everything that is older than history lies before it. */
  readonly start: OlderPlace;
  /** Messages that were delivered at this offset or later are in history, or are not asked for. */
  readonly upTo: number;
  /** Those that were delivered at this offset or earlier are not asked for. */
  readonly after: number;
  /**
   * Messages of this second or later whose delivery is not known are still to be published. The earlier ones are older than
   * everything that is known. Seconds since 1970.
   */
  readonly unseenFrom: number;
  /**
   * History begins before the place from which the page goes back: it was lost, or had ended, and is filled again from the
   * beginning. Then no earlier page had what is older than the place, also if history has it now, or will have it.
   */
  readonly hasBegunAnew: boolean;
}

export interface SeamContext {
  /** From which the page goes back; null: from history. */
  readonly place: OlderPlace | null;
  /** Offset before which the page ends. */
  readonly before: number;
  readonly after: number;
  /** When the upstream last answered for the ticket, ms since 1970; null: nobody wants it, or history tells enough. */
  readonly answeredAt: number | null;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/**
 * A message is never told twice and never left out: one whose delivery is known is in history from its oldest publication on, and
 * comes from the upstream before that. Of the others the time decides.
 *
 * A place lies before history. If history begins before the place, it began anew since the page before: a poll publishes the
 * oldest messages first. Messages become visible late, so some that history has may lie before the place also if it did not
 * begin anew. If the place lies within the first seconds of history, the two cannot be told apart. Then such a message comes
 * again, with its id: twice is better than never.
 */
export function seamOf({ oldest, begins }: PageBefore, { place, before, after, answeredAt, now }: SeamContext): Seam {
  const upTo = Math.min(before, begins ?? Number.POSITIVE_INFINITY);
  if (oldest?.kind === 'message') {
    const second = Math.floor((oldest.sentAt ?? oldest.seenAt) / SECOND_MS);
    const hasBegunAnew = place !== null && second <= place.second;
    return {
      start: startOf(second + LATE_S + 1, typeIn(oldest.message)),
      upTo,
      after,
      unseenFrom: second,
      hasBegunAnew,
    };
  }
  const soon = Math.ceil(now / SECOND_MS / ROUND_S + 1) * ROUND_S;
  const unseenFrom = answeredAt === null ? Number.POSITIVE_INFINITY : Math.floor(answeredAt / SECOND_MS) - LATE_S;
  return { start: startOf(soon, 1), upTo, after, unseenFrom, hasBegunAnew: false };
}

/** Before everything of a part. */
export function startOf(part: number, type: 0 | 1): OlderPlace {
  return { part, type, second: part, passed: 0 };
}

function typeIn(message: string): 0 | 1 {
  return (JSON.parse(message) as { readonly type?: unknown }).type === 0 ? 0 : 1;
}
