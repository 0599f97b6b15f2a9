import {
  feedKey,
  type Broker,
  type CaseId,
  type Feed,
  type GapReason,
  type PageWant,
  type Publication,
  type ResumeFrom,
  type TicketPage,
} from '#core';
import { encodePublication, type EventId, type GapData, type PositionIds, Refusal } from '#protocol';
import { STORE_RETRY_MS } from '../edge/deadline.js';

/** One page of a ticket's history. */
export interface HistoryPage {
  /** Each is one JSON text. */
  readonly events: readonly string[];
  /** The position from which the next page begins, or from which a stream can continue. */
  readonly lastEventId: EventId;
  /** There are events after this page. */
  readonly more: boolean;
}

/** Reads a ticket's history page by page, the oldest event first. It does not cause polls. */
export class CaseHistory {
  constructor(
    private readonly broker: Pick<Broker, 'page'>,
    private readonly ids: PositionIds,
  ) {}

  /**
   * @param lastEventId the page begins after it; absent: with the oldest event
   * @throws {Refusal} `unavailable` if the store is out of reach
   */
  async page(feed: Feed, caseId: CaseId, lastEventId: EventId | undefined, limit: number): Promise<HistoryPage> {
    const { ids } = this;
    const from = ids.resumeFrom(lastEventId);
    const after = from.kind === 'position' ? from.position : null;
    const page = await this.read(feed, { caseId, after, limit });
    const last = page.publications.at(-1);
    const gap = gapReason(from, page);
    const next = page.publications[0] ?? { ...page, offset: page.offset + 1 };
    const between =
      gap === 'history_truncated' && after !== null ? { after: ids.idOf(after), before: ids.idOf(next) } : {};
    return {
      events: [
        ...(gap ? [gapText(caseId, feed, gap, between)] : []),
        ...page.publications.map((event) => eventText(event, ids.idOf(event), feed)),
      ],
      lastEventId: ids.idOf(page.more && last !== undefined ? last : page),
      more: page.more,
    };
  }

  private async read(feed: Feed, want: PageWant): Promise<TicketPage> {
    try {
      return await this.broker.page(feedKey(feed), want);
    } catch (cause) {
      throw new Refusal('unavailable', 'the store is out of reach', { retryMs: STORE_RETRY_MS, cause });
    }
  }
}

function gapReason(from: ResumeFrom, { known, truncated }: TicketPage): GapReason | null {
  if (from.kind !== 'start' && !known) {
    return 'unknown_position';
  }
  return truncated ? 'history_truncated' : null;
}

/** The data of an event, with the event's name as its first member. */
export function eventText(publication: Publication, id: EventId, feed: Feed): string {
  return `{"event":"${publication.kind}",${encodePublication(publication, id, feed.groupId).slice(1)}`;
}

/** @param between what closes the gap, as in the event */
export function gapText(
  caseId: CaseId,
  { groupId }: Feed,
  reason: GapReason,
  between: Pick<GapData, 'after' | 'before'> = {},
): string {
  const group = groupId === undefined ? {} : { group_id: groupId };
  return JSON.stringify({ event: 'gap', case_ids: [caseId], ...group, reason, ...between });
}
