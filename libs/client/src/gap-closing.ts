import type { Gap, TicketMessage, TicketStatus } from './events.js';

/** Which gateway, which feed, and whose right. */
export interface GapSource {
  /** The gateway, without a slash at its end. */
  readonly url: string;
  readonly token: string | null;
  readonly groupId: string | undefined;
  readonly language: string | undefined;
}

export type LostEvent =
  { readonly name: 'message'; readonly data: TicketMessage } | { readonly name: 'status'; readonly data: TicketStatus };

/** Most events that close a gap: a page shows no more of a ticket at once. */
const EVENTS_MAX = 10_000;
/** Requests for a page until it counts as refused, and the pause that is taken if the answer names none, ms. */
const ATTEMPTS = 5;
const PAUSE_MS = 1000;

/** A page of history (PROTOCOL.md, section 8). */
export interface Page {
  readonly events: readonly ({ readonly event: string } & TicketMessage)[];
  readonly before?: string | null;
}

/**
 * Reads what is lost, as pages that go back (PROTOCOL.md, H7): what history does not keep comes from the upstream.
 *
 * @returns the events in the order of their ids
 * @throws {Error} if the gap cannot be closed
 */
export async function lostEvents(gap: Gap, source: GapSource): Promise<LostEvent[]> {
  const found: LostEvent[] = [];
  for (const caseId of gap.case_ids) {
    for (let before: string | null | undefined = gap.before; before;) {
      const page: Page = await readPage(caseId, { before, after: gap.after }, source);
      for (const { event, ...data } of page.events) {
        if (event === 'gap') throw new Error('the gap has a gap');
        found.push({ name: event, data } as unknown as LostEvent);
      }
      if (found.length > EVENTS_MAX) throw new Error(`the gap has more than ${EVENTS_MAX} events`);
      before = page.before;
    }
  }
  return found.sort((one, other) => (one.data.id < other.data.id ? -1 : 1));
}

/** Asks again while the gateway says that it is busy. @throws {Error} if it refuses */
export async function readPage(
  caseId: string,
  {
    before,
    after,
    limit = 1000,
  }: { readonly before: string; readonly after?: string | undefined; readonly limit?: number },
  { url, token, groupId, language }: GapSource,
): Promise<Page> {
  const wanted = Object.entries({ before, after, limit: String(limit), group_id: groupId, language });
  const query = new URLSearchParams(wanted.filter((pair): pair is [string, string] => pair[1] !== undefined));
  const credentials = token === null ? 'include' : 'omit';
  for (let attempt = 1; ; attempt += 1) {
    const response = await fetch(`${url}/v1/cases/${encodeURIComponent(caseId)}/messages?${query.toString()}`, {
      headers: token === null ? {} : { authorization: `Bearer ${token}` },
      cache: 'no-store',
      credentials,
    });
    if (response.ok) return (await response.json()) as Page;
    const isBrief = response.status === 429 || response.status === 503;
    if (!isBrief || attempt >= ATTEMPTS) throw new Error(`the gateway answered ${response.status}`);
    const seconds = Number(response.headers.get('retry-after'));
    await new Promise((resolve) => setTimeout(resolve, seconds > 0 ? seconds * 1000 : PAUSE_MS));
  }
}
