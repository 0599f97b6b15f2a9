import type { TicketMessage, TicketStatus } from './events.js';
import { readPage } from './gap-closing.js';

export interface OlderSource {
  /** The gateway, as `connect` has it. */
  readonly url: string;
  /** The token; absent: the browser's cookie. */
  readonly token?: string;
  readonly groupId?: string;
  readonly language?: string;
}

export interface OlderPage {
  /** In the order of their ids. There may be none although there is more. */
  readonly messages: readonly TicketMessage[];
  /** The gateway does not keep those that come from the upstream. */
  readonly statuses: readonly TicketStatus[];
  /** What the next page asks for; null: there is nothing older. */
  readonly before: string | null;
  /** Whether something in this page is lost: the upstream does not show all of a second, or the position is not known any more. */
  readonly hasGap: boolean;
}

/**
 * Reads what is older than an event, page by page, beyond what history keeps: `before` is the id of the oldest event that the
 * page shows, and then {@link OlderPage.before} of the last page.
 *
 * @param limit events of a page, 1 to 1000
 * @throws Error if the gateway refuses, or is busy for too long
 */
export async function readOlder(source: OlderSource, caseId: string, before: string, limit = 100): Promise<OlderPage> {
  const { url, token = null, groupId, language } = source;
  const gateway = { url: url.replace(/\/$/, ''), token, groupId, language };
  const { events, before: next = null } = await readPage(caseId, { before, limit }, gateway);
  const named = <T>(wanted: string) =>
    events.filter(({ event }) => event === wanted).map(({ event: _, ...data }) => data as unknown as T);
  return {
    messages: named<TicketMessage>('message'),
    statuses: named<TicketStatus>('status'),
    before: next,
    hasGap: events.some(({ event }) => event === 'gap'),
  };
}
