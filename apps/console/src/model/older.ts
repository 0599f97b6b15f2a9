import type { TicketMessage, TicketStatus } from '#client';
import type { Conversation } from './conversation.js';

/** Events of one page of history. */
const PAGE = 200;
/** A page may be empty although there are more: it is where history ends and the upstream goes on. */
const PAGES_MAX = 4;

interface HistoryPage {
  readonly events: readonly ({ readonly event: string; readonly id?: string } & Record<string, unknown>)[];
  /** What the next page asks for; null: there is nothing older. */
  readonly before: string | null;
}

/** Loads what is older than the oldest event that is shown (PROTOCOL.md, H7). It never throws. */
export async function loadOlder(conversation: Conversation, token: string): Promise<void> {
  const count = conversation.messageCount;
  try {
    for (let page = 0; page < PAGES_MAX && conversation.hasOlder && conversation.messageCount === count; page += 1) {
      take(conversation, await read(conversation, token));
    }
  } catch {
    conversation.hasOlder = false; // Scrolling up again after a new connection asks again.
  }
}

async function read({ caseId, olderFrom, oldestId }: Conversation, token: string): Promise<HistoryPage> {
  const query = new URLSearchParams({ before: olderFrom ?? oldestId ?? '', limit: String(PAGE) });
  const answer = await fetch(`/v1/cases/${encodeURIComponent(caseId)}/messages?${query.toString()}`, {
    headers: token === '' ? {} : { authorization: `Bearer ${token}` },
  });
  if (!answer.ok) throw new Error(`history was answered with ${answer.status}`);
  return (await answer.json()) as HistoryPage;
}

function take(conversation: Conversation, { events, before = null }: HistoryPage): void {
  conversation.hasOlder = before !== null;
  conversation.olderFrom = before;
  conversation.prepend(
    events
      .filter(({ event, id }) => (event === 'message' || event === 'status') && id !== undefined)
      .map((event) => [event.event as 'message' | 'status', event as unknown as TicketMessage | TicketStatus] as const),
  );
}
