import {
  feedKey,
  formatPosition,
  type Broker,
  type CaseId,
  type Feed,
  type GapReason,
  type HistorySnapshot,
  type Publication,
  type ResumeFrom,
} from '#core';
import { encodePublication, type EventId, Refusal } from '#protocol';
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
    private readonly broker: Broker,
    /** `HISTORY_MAX_EVENTS` */
    private readonly historyMax: number,
  ) {}

  /** @throws {Refusal} `unavailable` if the store is out of reach */
  async page(feed: Feed, caseId: CaseId, from: ResumeFrom, limit: number): Promise<HistoryPage> {
    const named = from.kind === 'position' ? from.position : null;
    const first = await this.read(feed, caseId, named?.offset ?? null);
    const known = named !== null && named.epoch === first.epoch && named.offset <= first.offset;
    const after = known ? named.offset : 0;
    // A position of another epoch cannot be compared. The answer is a gap and everything that is kept.
    const snapshot = named === null || known ? first : await this.read(feed, caseId, null);
    const [ticket] = snapshot.tickets;
    const kept = (ticket?.publications ?? []).filter(({ offset }) => offset > after);
    const shown = kept.slice(0, limit);
    const last = shown.at(-1);
    const more = kept.length > shown.length;
    const gap = gapReason(from, known, known && (ticket?.completeAfter ?? 0) > after);
    return {
      events: [...(gap ? [gapText(caseId, feed, gap)] : []), ...shown.map((event) => eventText(event, feed))],
      lastEventId: formatPosition(more && last !== undefined ? last : snapshot),
      more,
    };
  }

  private async read(feed: Feed, caseId: CaseId, after: number | null): Promise<HistorySnapshot> {
    try {
      const want = { caseId, atLeast: after === null ? this.historyMax : 0, after };
      return await this.broker.history(feedKey(feed), [want], null);
    } catch {
      throw new Refusal('unavailable', 'the store is out of reach', { retryMs: STORE_RETRY_MS });
    }
  }
}

function gapReason(from: ResumeFrom, known: boolean, truncated: boolean): GapReason | null {
  if (from.kind !== 'start' && !known) {
    return 'unknown_position';
  }
  return truncated ? 'history_truncated' : null;
}

/** The data of an event, with the event's name as its first member. */
function eventText(publication: Publication, feed: Feed): string {
  return `{"event":"${publication.kind}",${encodePublication(publication, feed.groupId).slice(1)}`;
}

function gapText(caseId: CaseId, { groupId }: Feed, reason: GapReason): string {
  const group = groupId === undefined ? {} : { group_id: groupId };
  return JSON.stringify({ event: 'gap', case_ids: [caseId], ...group, reason });
}
