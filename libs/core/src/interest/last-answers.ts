import { BoundedMap } from '../model/bounded-map.js';
import type { Clock } from '../model/clock.js';
import type { FeedKey } from '../model/feed.js';
import type { CaseId } from '../model/ticket.js';
import type { InterestRegistry } from './ports/interest-registry.js';

/** When the upstream last answered for tickets, ms since 1970; null: not yet, or the ticket is in no set. */
export type AnswerTimes = ReadonlyMap<CaseId, number | null>;

/** An answer of the registry serves this long, ms: a thousand clients that come at once cost one call. */
const SERVES_MS = 1000;

const NONE: Promise<AnswerTimes> = Promise.resolve(new Map());

/** Most cached tickets. */
const CACHED_TICKETS_MAX = 20_000;

interface Asked {
  readonly at: number;
  readonly times: Promise<AnswerTimes>;
  /** The same once it is known. */
  known: AnswerTimes | null;
}

/** How fresh tickets are, as the registry knew it at most {@link SERVES_MS} ago. */
export class LastAnswers {
  private readonly asked = new BoundedMap<string, Asked>(CACHED_TICKETS_MAX);

  constructor(
    private readonly registry: Pick<InterestRegistry, 'answeredAt'>,
    private readonly clock: Clock,
  ) {}

  /** As {@link of}, without waiting; null where the registry has to be asked. */
  known(feed: FeedKey, caseIds: readonly CaseId[]): AnswerTimes | null {
    const now = this.clock.now();
    const times = new Map<CaseId, number | null>();
    for (const caseId of caseIds) {
      const asked = this.asked.get(nameOf(feed, caseId));
      if (!asked?.known || now - asked.at >= SERVES_MS) {
        return null;
      }
      times.set(caseId, asked.known.get(caseId) ?? null);
    }
    return times;
  }

  /** @throws if the store is out of reach */
  async of(feed: FeedKey, caseIds: readonly CaseId[]): Promise<AnswerTimes> {
    const now = this.clock.now();
    const key = (caseId: CaseId) => nameOf(feed, caseId);
    const isServed = (caseId: CaseId) =>
      now - (this.asked.get(key(caseId))?.at ?? Number.NEGATIVE_INFINITY) < SERVES_MS;
    const unknown = caseIds.filter((caseId) => !isServed(caseId));
    if (unknown.length > 0) {
      const times = this.ask(feed, unknown);
      const asked: Asked = { at: now, times, known: null };
      unknown.forEach((caseId) => this.asked.set(key(caseId), asked));
      times.then(
        (known) => (asked.known = known),
        () => unknown.forEach((caseId) => this.asked.delete(key(caseId))),
      );
    }
    const found = await Promise.all(caseIds.map((caseId) => this.asked.get(key(caseId))?.times ?? NONE));
    return new Map(caseIds.map((caseId, at) => [caseId, found[at]?.get(caseId) ?? null]));
  }

  private async ask(feed: FeedKey, caseIds: readonly CaseId[]): Promise<AnswerTimes> {
    const times = await this.registry.answeredAt(feed, caseIds);
    return new Map(caseIds.map((caseId, at) => [caseId, times[at] ?? null]));
  }
}

function nameOf(feed: FeedKey, caseId: CaseId): string {
  return `${feed}:${caseId}`;
}
