import type { FeedKey } from '../model/feed.js';
import type { FeedState } from './feed-state.js';
import { callsOf } from './history-wants.js';
import type { Publication } from '../model/publication.js';
import type { Broker, HistorySnapshot } from './ports/broker.js';
import type { CaseId } from '../model/ticket.js';
import type { Topic } from './topic.js';

export interface FeedDeliveryParts {
  readonly broker: Pick<Broker, 'history'>;
  readonly state: FeedState;
  /** Resolves after `ms` milliseconds. */
  readonly wait: (ms: number) => Promise<void>;
  /** Least number of publications that are read per ticket. */
  readonly tailMax: number;
}

/**
 * Most publications that are held during a repair. If there are more, all are dropped and read from history instead.
 */
const REPAIR_BUFFER_MAX = 10_000;
/** Pause before a failed repair is tried again, ms. */
const REPAIR_RETRY_MS = 200;

/**
 * Dispatches the publications of one feed, in order and without a hole. If one is missing, it holds those that arrive,
 * reads history, dispatches what was missed, and continues (invariant 8).
 */
export class FeedDelivery {
  /** How many times history was read for a repair. */
  repairs = 0;
  /** Resolves when the latest repair has ended. */
  repaired: Promise<void> = Promise.resolve();
  isRepairing = false;
  /** Publications that are held while a repair reads history. */
  private held: Publication[] = [];
  private heldBackfills: CaseId[] = [];
  private repairAgain = false;

  constructor(
    private readonly feed: FeedKey,
    private readonly parts: FeedDeliveryParts,
  ) {}

  published(publication: Publication): void {
    if (this.isRepairing) {
      this.hold(publication);
      return;
    }
    const { state } = this.parts;
    const topic = state.topics.find(publication.caseId);
    if (topic === undefined || state.isDispatched(publication)) {
      return;
    }
    if (state.isNext(topic, publication)) {
      state.dispatch(topic, publication);
    } else {
      this.repair([publication]);
    }
  }

  /** The first poll of these tickets is complete. During a repair, what it found may be held. */
  backfilled(caseIds: readonly CaseId[]): void {
    if (this.isRepairing) {
      this.heldBackfills.push(...caseIds);
    } else {
      this.parts.state.backfills.completed(caseIds);
    }
  }

  /**
   * Reads what was missed from history. Live delivery stops meanwhile.
   *
   * @param held publications that arrived already
   */
  repair(held: Publication[] = []): void {
    this.parts.state.upstream.markStale();
    if (this.isRepairing) {
      this.repairAgain = true;
      return;
    }
    this.isRepairing = true;
    this.held = held;
    this.repaired = this.repairUntilWhole();
  }

  private hold(publication: Publication): void {
    if (this.held.length < REPAIR_BUFFER_MAX) {
      this.held.push(publication);
    } else {
      this.held = [];
      this.repairAgain = true;
    }
  }

  private async repairUntilWhole(): Promise<void> {
    do {
      this.repairAgain = false;
      try {
        await this.repairOnce();
      } catch {
        // The store is out of reach. Clients keep their connections and positions until it is back.
        this.repairAgain = true;
        await this.parts.wait(REPAIR_RETRY_MS);
      }
    } while (this.repairAgain);
    const { held } = this;
    this.held = [];
    this.isRepairing = false;
    held.forEach((publication) => this.published(publication));
    this.backfilled(this.heldBackfills.splice(0));
  }

  private async repairOnce(): Promise<void> {
    this.repairs += 1;
    const { state } = this.parts;
    const { noticeCount } = state.quarantined;
    // A topic that is not watched yet may miss publications after this read: its subscription reads it.
    const asked = [...state.topics].filter((topic) => topic.isWatched);
    const snapshots = await this.read(asked);
    const newest = snapshots.at(-1);
    if (this.repairAgain || snapshots.some((snapshot) => snapshot.epoch !== newest?.epoch)) {
      // Something was lost between two of these reads, or between a read and now. So the reads do not fit together.
      this.repairAgain = true;
      return;
    }
    // A ticket may have been evicted and watched again meanwhile, as another topic.
    const topics = new Set(asked.filter((topic) => state.topics.find(topic.caseId) === topic));
    [...state.topics].filter((topic) => !topics.has(topic)).forEach((topic) => topic.tail.clear());
    if (newest === undefined) {
      // No ticket of this feed is watched yet, or any more. What is held of one of them cannot be judged: its subscription reads it.
      this.held = [];
      return;
    }
    if (state.catchUp({ topics: [...topics], snapshots, newest, held: this.held, noticeCount })) {
      this.dropOtherEpochs();
    } else {
      this.repairAgain = true;
    }
  }

  private async read(topics: readonly Topic[]): Promise<HistorySnapshot[]> {
    const { broker, state, tailMax } = this.parts;
    const wants = topics.map((topic) => ({
      caseId: topic.caseId,
      atLeast: tailMax,
      // The last dispatched publication is read, too: it is compared with the store's publication at that offset.
      after: Math.min(state.dispatchedUpTo(topic), (topic.tail.newest?.offset ?? Number.POSITIVE_INFINITY) - 1),
    }));
    const snapshots: HistorySnapshot[] = [];
    for (const call of callsOf(wants)) {
      snapshots.push(await broker.history(this.feed, call, state.position));
    }
    return snapshots;
  }

  /**
   * A held publication of another epoch is a late one of the old epoch, or the first of a new one. History shows which.
   */
  private dropOtherEpochs(): void {
    const { held } = this;
    this.held = held.filter(({ epoch }) => !this.parts.state.hasOtherEpoch(epoch));
    this.repairAgain ||= this.held.length < held.length;
  }
}
