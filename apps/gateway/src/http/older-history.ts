import {
  feedKey,
  type Broker,
  type CaseId,
  type DeliveredAt,
  type Feed,
  type FeedKey,
  type InterestRegistry,
  type OlderMessages,
  type OlderOutcome,
  type PageBefore,
  type ResumeFrom,
} from '#core';
import type { OlderSource } from '#ops';
import { type EventId, type OlderIds, type OlderPlace, type PositionIds, Refusal } from '#protocol';
import { type Deadline, STORE_RETRY_MS } from '../edge/deadline.js';
import { eventText, gapText, type HistoryPage } from './case-history.js';
import { OlderWalk } from './older-walk.js';
import { seamOf, type Seam } from './seam.js';

/** Most requests to the upstream of one page. */
const PARTS_MAX = 5;
/** What is left of the deadline for the answer itself, ms. */
const ANSWER_MS = 500;
/** A page with events does not wait for another part if less time is left, ms. */
const PART_TAKES_MS = 1500;
const UNAVAILABLE_RETRY_MS = 2000;

export interface OlderHistoryParts {
  readonly broker: Pick<Broker, 'pageBefore' | 'deliveredAt'>;
  readonly registry: Pick<InterestRegistry, 'answeredAt'>;
  readonly older: OlderMessages;
  readonly ids: PositionIds;
  readonly olderIds: OlderIds;
  readonly now: () => number;
  readonly onPage: (source: OlderSource) => void;
}

export interface OlderAsked {
  readonly before: EventId;
  /** The page has nothing up to this position. */
  readonly after: EventId | undefined;
  readonly limit: number;
}

/** A page whose next one is older. */
export interface OlderHistoryPage extends HistoryPage {
  /** What the next page asks for as `before`; null: there is nothing older. */
  readonly before: EventId | null;
}

/**
 * Reads a ticket's history page by page, the newest page first: from history, and from the upstream what is older than that.
 * A page is of one or of the other.
 */
export class OlderHistory {
  constructor(private readonly parts: OlderHistoryParts) {}

  /** @throws {Refusal} `unavailable` if the store is out of reach, or the upstream does not answer */
  async page(feed: Feed, caseId: CaseId, asked: OlderAsked, deadline: Deadline): Promise<OlderHistoryPage> {
    const { broker, ids, olderIds, onPage } = this.parts;
    const key = feedKey(feed);
    const place = olderIds.placeOf(asked.before);
    const from: ResumeFrom = place === null ? ids.resumeFrom(asked.before) : { kind: 'start' };
    const want = { caseId, before: from.kind === 'position' ? from.position : null, limit: place ? 1 : asked.limit };
    const kept = await reached(broker.pageBefore(key, want));
    const afterKnown = offsetAfter(asked.after, kept, ids);
    const after = afterKnown ?? 0;
    const isKnown = afterKnown !== null && (place !== null || (from.kind === 'position' && kept.known));
    const unknown = isKnown ? [] : [gapText(caseId, feed, 'unknown_position')];
    if (place === null) {
      const publications = kept.publications.filter(({ offset }) => offset > after);
      const isOver = publications.length < kept.publications.length;
      if (publications.length > 0 || isOver) {
        onPage('history');
        const texts = publications.map((each) => eventText(each, ids.idOf(each), feed));
        const [first] = publications;
        const before = isOver || first === undefined ? null : ids.idOf(first);
        return { events: [...unknown, ...texts], lastEventId: ids.idOf(kept), before, more: before !== null };
      }
    }
    try {
      const seam = await this.seam(key, caseId, kept, { place, from, after });
      const page = await this.walk(feed, caseId, new OlderWalk(place ?? seam.start, seam, asked.limit), kept, deadline);
      onPage('upstream');
      return { ...page, events: [...unknown, ...page.events] };
    } catch (error) {
      onPage('unavailable');
      throw error;
    }
  }

  private async seam(
    feed: FeedKey,
    caseId: CaseId,
    kept: PageBefore,
    { from, ...bounds }: { readonly place: OlderPlace | null; readonly from: ResumeFrom; readonly after: number },
  ): Promise<Seam> {
    const now = this.parts.now();
    const before = from.kind === 'position' && kept.known ? from.position.offset : Number.POSITIVE_INFINITY;
    const [answeredAt = null] =
      kept.oldest === null && kept.isWanted ? await reached(this.parts.registry.answeredAt(feed, [caseId])) : [];
    if (kept.oldest === null && kept.isWanted && answeredAt === null) {
      // What it finds will be published, and must not be told twice.
      throw new Refusal('unavailable', 'the first poll of this ticket is still to come', { retryMs: STORE_RETRY_MS });
    }
    return seamOf(kept, { ...bounds, before, answeredAt, now });
  }

  private async walk(
    feed: Feed,
    caseId: CaseId,
    walk: OlderWalk,
    kept: PageBefore,
    deadline: Deadline,
  ): Promise<OlderHistoryPage> {
    const { ids, olderIds } = this.parts;
    for (let count = 0; count < PARTS_MAX && !walk.isOver; count += 1) {
      if (walk.found.length > 0 && deadline.leftMs < PART_TAKES_MS) {
        break;
      }
      const next = await this.next(feedKey(feed), caseId, walk, kept, deadline);
      if (next === null) {
        break; // There is a page already, and the next one will say what fails.
      }
      walk.take(next.part, next.offsets);
    }
    const events = walk.found.map(({ message, seenAt, offset, place }) => {
      const id = offset === null ? olderIds.idOf(place) : ids.idOf({ epoch: kept.epoch, offset });
      const publication = {
        kind: 'message',
        caseId,
        ...message,
        seenAt,
        epoch: kept.epoch,
        offset: 0,
        previous: 0,
      } as const;
      return eventText(publication, id, feed);
    });
    const gaps = walk.isCut ? [gapText(caseId, feed, 'history_truncated')] : [];
    const before = walk.isExhausted ? null : olderIds.idOf(walk.place);
    const lastEventId = ids.idOf(kept);
    return { events: [...gaps, ...events.reverse()], lastEventId, before, more: before !== null };
  }

  /** @returns null where it fails, and the page has events already. @throws {Refusal} where it has none */
  private async next(feed: FeedKey, caseId: CaseId, walk: OlderWalk, kept: PageBefore, deadline: Deadline) {
    const { older, broker } = this.parts;
    const want = { caseId, before: walk.place.part, type: walk.place.type };
    const outcome = await reached(older.read(feed, want, Math.max(0, deadline.leftMs - ANSWER_MS)));
    if (outcome?.kind === 'part') {
      const { part } = outcome;
      const delivered = await reached(broker.deliveredAt(feed, caseId, part.messages));
      if (isSameHistory(kept, delivered)) {
        return { part, offsets: delivered.offsets };
      }
    }
    if (walk.found.length > 0) {
      return null;
    }
    const retryMs = outcome?.kind === 'failed' ? outcome.retryMs : UNAVAILABLE_RETRY_MS;
    throw new Refusal('unavailable', whyNot(outcome), { retryMs });
  }
}

/** @param outcome a part: history began anew while it was read, so what was delivered is not known */
function whyNot(outcome: OlderOutcome | null): string {
  if (outcome === null) {
    return 'no worker has asked the upstream in time';
  }
  return outcome.kind === 'failed'
    ? `the upstream does not answer (${outcome.code})`
    : 'the history of this ticket began anew meanwhile';
}

/** Whether history has only moved on since it was read: what was delivered then has the offset that it had. */
function isSameHistory(kept: PageBefore, { epoch, begins }: DeliveredAt): boolean {
  const hasMovedOn = begins === kept.begins || (begins !== null && kept.begins !== null && begins > kept.begins);
  return epoch === kept.epoch && hasMovedOn;
}

/** @returns null for a position that means nothing in this epoch */
function offsetAfter(after: EventId | undefined, kept: PageBefore, ids: PositionIds): number | null {
  const from = ids.resumeFrom(after);
  if (from.kind === 'start') {
    return 0;
  }
  const isKnown = from.kind === 'position' && from.position.epoch === kept.epoch && from.position.offset <= kept.offset;
  return isKnown ? from.position.offset : null;
}

/** @throws {Refusal} in place of what the store throws */
async function reached<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw new Refusal('unavailable', 'the store is out of reach', { retryMs: STORE_RETRY_MS, cause });
  }
}
