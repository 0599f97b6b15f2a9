import { feedKey, type TicketSet } from '#core';

/** A ticket set without a past, but for what is given. */
export function ticketSetWith(changes: Partial<TicketSet> = {}): TicketSet {
  return {
    ref: { feed: feedKey({ language: 'en-us' }), id: 1 },
    fence: 1,
    members: ['a', 'b'],
    joining: [],
    cursorHistory: null,
    answerDigest: null,
    order: 'oldest_first',
    activeAt: 0,
    dueAt: 0,
    failures: 0,
    bisection: null,
    isUnknown: false,
    ...changes,
  };
}
