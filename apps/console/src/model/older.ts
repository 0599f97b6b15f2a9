import type { TicketMessage, TicketStatus } from '#client';
import type { Conversation } from './conversation.js';

/** Events of one page of history. */
const PAGE = 200;

type HistoryEvent = { readonly event: string; readonly id?: string } & Record<string, unknown>;

/** Loads the page of history that ends before the oldest event that is shown. @returns how many messages were added */
export async function loadOlder(conversation: Conversation, token: string): Promise<number> {
  const oldest = conversation.oldestId ?? '';
  const before = conversation.messageCount;
  const query = new URLSearchParams({ before: oldest, limit: String(PAGE) });
  try {
    const answer = await fetch(`/v1/cases/${encodeURIComponent(conversation.caseId)}/messages?${query.toString()}`, {
      headers: token === '' ? {} : { authorization: `Bearer ${token}` },
    });
    if (!answer.ok) throw new Error(`history was answered with ${answer.status}`);
    const { events } = (await answer.json()) as { events: readonly HistoryEvent[] };
    const older = events
      .filter(({ event, id }) => (event === 'message' || event === 'status') && id !== undefined && id < oldest)
      .map((event) => [event.event as 'message' | 'status', event as unknown as TicketMessage | TicketStatus] as const);
    conversation.hasOlder = conversation.prepend(older) > 0 && older.length >= PAGE;
  } catch {
    conversation.hasOlder = false;
  }
  return conversation.messageCount - before;
}
