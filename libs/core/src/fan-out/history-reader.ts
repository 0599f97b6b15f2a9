import type { FeedKey } from '../model/feed.js';
import type { Broker, HistorySnapshot, HistoryWant } from './ports/broker.js';
import type { StreamPosition } from '../model/stream-position.js';
import type { CaseId } from '../model/ticket.js';

/** Tickets per history call: bounds the time that one call blocks Redis. */
const CALL_TICKETS = 50;

/**
 * Reads histories so that a thousand clients waiting for the same tickets cost one call: whatever is wanted while a
 * call is under way goes into the next one, merged by ticket.
 */
export class HistoryReader {
  private readonly wants = new Map<CaseId, HistoryWant>();
  private inFlight: Promise<void> = Promise.resolve();
  private queued: Promise<void> | null = null;

  constructor(
    private readonly feed: FeedKey,
    private readonly broker: Broker,
    /** What was handed on so far. */
    private readonly known: () => StreamPosition | null,
    private readonly absorb: (read: () => Promise<HistorySnapshot>) => Promise<void>,
  ) {}

  /** Resolves once what is wanted was handed to `absorb`. @throws where the store is out of reach */
  load(wants: readonly HistoryWant[]): Promise<void> {
    for (const want of wants) {
      this.wants.set(want.caseId, merge(want, this.wants.get(want.caseId)));
    }
    this.queued ??= this.loadQueued();
    return this.queued;
  }

  /** Reads at once, in calls of bounded size. */
  async read(
    wants: readonly HistoryWant[],
    each: (read: () => Promise<HistorySnapshot>) => Promise<void>,
  ): Promise<void> {
    for (let start = 0; start < wants.length; start += CALL_TICKETS) {
      await each(() => this.broker.history(this.feed, wants.slice(start, start + CALL_TICKETS), this.known()));
    }
  }

  private async loadQueued(): Promise<void> {
    await this.inFlight.catch(() => undefined); // Whoever asked for it has the error.
    const wants = [...this.wants.values()];
    this.wants.clear();
    this.queued = null;
    this.inFlight = this.read(wants, this.absorb);
    await this.inFlight;
  }
}

function merge(want: HistoryWant, other: HistoryWant | undefined): HistoryWant {
  const afters = [want.after, other?.after ?? null].filter((after) => after !== null);
  return {
    caseId: want.caseId,
    atLeast: Math.max(want.atLeast, other?.atLeast ?? 0),
    after: afters.length > 0 ? Math.min(...afters) : null,
    ...claimOf([want, ...(other ? [other] : [])]),
  };
}

/** The furthest claim of the newest life: at most one can be about this life. */
export function claimOf(wants: readonly HistoryWant[]): Pick<HistoryWant, 'claim'> {
  const claims = wants.flatMap(({ claim }) => claim ?? []);
  const [claim] = claims.sort((a, b) => (a.epoch === b.epoch ? b.offset - a.offset : a.epoch < b.epoch ? 1 : -1));
  return claim === undefined ? {} : { claim };
}
