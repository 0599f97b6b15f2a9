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
}

export interface SeamContext {
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
 */
export function seamOf({ oldest, begins }: PageBefore, { before, after, answeredAt, now }: SeamContext): Seam {
  const upTo = Math.min(before, begins ?? Number.POSITIVE_INFINITY);
  if (oldest?.kind === 'message') {
    const second = Math.floor((oldest.sentAt ?? oldest.seenAt) / SECOND_MS);
    return { start: startOf(second + LATE_S + 1, typeIn(oldest.message)), upTo, after, unseenFrom: second };
  }
  const soon = Math.ceil(now / SECOND_MS / ROUND_S + 1) * ROUND_S;
  const unseenFrom = answeredAt === null ? Number.POSITIVE_INFINITY : Math.floor(answeredAt / SECOND_MS) - LATE_S;
  return { start: startOf(soon, 1), upTo, after, unseenFrom };
}

/** Before everything of a part. */
export function startOf(part: number, type: 0 | 1): OlderPlace {
  return { part, type, second: part, passed: 0 };
}

function typeIn(message: string): 0 | 1 {
  return (JSON.parse(message) as { readonly type?: unknown }).type === 0 ? 0 : 1;
}
