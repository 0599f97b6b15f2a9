import { BackfillNotices } from './backfill-notices.js';
import type { FeedKey } from '../model/feed.js';
import type { Publication } from '../model/publication.js';
import type { CaseId } from '../model/ticket.js';
import type { StreamPosition } from '../model/stream-position.js';
import type { Broker, HistorySnapshot } from './ports/broker.js';
import { QuarantineNotices } from './quarantine-notices.js';
import type { RecoverySource } from './recovery.js';
import { hasDiverged, missedSince } from './repair.js';
import { tell, type Topic } from './topic.js';
import { Topics } from './topics.js';
import { UpstreamNotices } from './upstream-notices.js';

/** What a repair has read. */
export interface RepairRead {
  readonly topics: readonly Topic[];
  /** Snapshots of one epoch, oldest first. */
  readonly snapshots: readonly HistorySnapshot[];
  /** The last one of them. */
  readonly newest: HistorySnapshot;
  /** Publications that arrived during the repair. */
  readonly held: readonly Publication[];
  /** `quarantined.noticeCount` from before the first snapshot was read. */
  readonly noticeCount: number;
}

/** What one gateway knows of one feed: how far its publications are dispatched, and the ends of its tickets' histories. */
export class FeedState {
  readonly topics: Topics;
  readonly upstream: UpstreamNotices;
  readonly quarantined: QuarantineNotices;
  readonly backfills: BackfillNotices;
  private epoch: string | null = null;
  /** All publications of the watched tickets up to this offset are dispatched. */
  private offset = 0;
  /** History was read in this epoch. */
  private loaded = false;
  private diverged = false;
  // Made once: each subscription asks for the source several times.
  private readonly isQuarantined = (caseId: CaseId) => this.topics.of(caseId).quarantined;
  private readonly isPending = (caseId: CaseId) => this.topics.of(caseId).backfill === 'pending';
  private readonly readStatus = (caseId: CaseId) => this.topics.of(caseId).readStatus;
  private readonly tail = (caseId: CaseId) => this.topics.of(caseId).tail;

  constructor(feed: FeedKey, broker: Pick<Broker, 'watch' | 'unwatch'>) {
    this.topics = new Topics(feed, broker);
    this.upstream = new UpstreamNotices(this.topics);
    this.quarantined = new QuarantineNotices((caseId) => this.topics.find(caseId));
    this.backfills = new BackfillNotices((caseId) => this.topics.find(caseId));
  }

  /**
   * The position that the store must have at least. A store that has less lost its newest data. After a divergence the
   * offset is so large that the store begins a new epoch.
   */
  get position(): StreamPosition | null {
    const offset = this.diverged ? Number.MAX_SAFE_INTEGER : this.offset;
    return this.epoch === null ? null : { epoch: this.epoch, offset };
  }

  /** What is known at this instant, without a call to the store. */
  get source(): RecoverySource {
    const { isQuarantined, isPending, readStatus, tail } = this;
    const position = { epoch: this.epoch ?? '', offset: this.offset };
    const { state: upstream } = this.upstream;
    return { position, loaded: this.loaded, upstream, isQuarantined, isPending, readStatus, tail };
  }

  /** Whether the feed has an epoch here, and it is not this one. */
  hasOtherEpoch(epoch: string): boolean {
    return this.epoch !== null && this.epoch !== epoch;
  }

  isDispatched({ epoch, offset }: Publication): boolean {
    return !this.hasOtherEpoch(epoch) && offset <= this.offset;
  }

  /** Whether nothing is missing between what is dispatched of the topic and the publication. */
  isNext(topic: Topic, publication: Publication): boolean {
    return !this.hasOtherEpoch(publication.epoch) && topic.tail.continues(publication);
  }

  dispatch(topic: Topic, publication: Publication): void {
    this.epoch = publication.epoch;
    this.offset = Math.max(this.offset, publication.offset);
    topic.tail.append(publication);
    if (publication.kind === 'status') {
      topic.learnStatus(publication.status, publication.offset);
    }
    for (const subscriber of topic.subscribers) {
      subscriber.deliver(publication);
    }
  }

  /** Offset up to which the topic's subscribers have all publications of the ticket. */
  dispatchedUpTo(topic: Topic): number {
    // The tail's end counts if it is known: the feed's offset may be beyond a lost publication of this topic.
    return Math.min(this.offset, topic.tail.end);
  }

  /**
   * Takes in history that was read for a subscription.
   *
   * @param noticeCount `quarantined.noticeCount` from before it was read
   */
  absorb(snapshot: HistorySnapshot, noticeCount: number): void {
    this.reached(snapshot);
    this.upstream.learn(snapshot.upstream);
    this.quarantined.learn([snapshot], noticeCount);
    for (const history of snapshot.tickets) {
      this.topics.find(history.caseId)?.tail.absorb(history, snapshot.offset);
    }
    this.learn([snapshot]);
  }

  /**
   * Takes in history that was read for a repair, and dispatches what was missed.
   *
   * @returns false if history has to be read again: the feed began a new epoch, or the store has other publications at
   *   offsets that were dispatched
   */
  catchUp({ topics, snapshots, newest, held, noticeCount }: RepairRead): boolean {
    if (this.hasOtherEpoch(newest.epoch)) {
      this.restart(newest.epoch);
      return false;
    }
    const ends = topics.flatMap((topic) => topic.tail.newest ?? []);
    if (hasDiverged(ends, snapshots)) {
      this.diverged = true;
      return false;
    }
    this.epoch = newest.epoch;
    this.dispatchMissed(topics, snapshots, held);
    this.reached(newest);
    this.upstream.learn(newest.upstream);
    this.quarantined.learn(snapshots, noticeCount);
    this.learn(snapshots);
    return true;
  }

  private learn(snapshots: readonly HistorySnapshot[]): void {
    for (const { tickets, offset } of snapshots) {
      tickets.forEach(({ caseId, readStatus }) => this.topics.find(caseId)?.learnStatus(readStatus, offset));
    }
    this.backfills.learn(snapshots);
  }

  private reached({ epoch, offset }: HistorySnapshot): void {
    this.loaded = true;
    this.epoch = epoch;
    this.offset = Math.max(this.offset, offset);
  }

  /** Dispatches, in order, the publications of history and the held ones that are not dispatched yet. */
  private dispatchMissed(
    topics: readonly Topic[],
    snapshots: readonly HistorySnapshot[],
    held: readonly Publication[],
  ): void {
    const ends = new Map(topics.map((topic) => [topic.caseId, this.dispatchedUpTo(topic)]));
    const { publications, truncated } = missedSince(ends, snapshots, held);
    const incomplete = topics.filter((topic) => truncated.has(topic.caseId));
    incomplete.forEach((topic) => topic.tail.clear());
    for (const { offset, tickets } of snapshots) {
      for (const history of tickets) {
        const end = ends.get(history.caseId);
        if (end !== undefined) {
          const older = history.publications.filter((publication) => publication.offset <= end);
          this.topics.of(history.caseId).tail.absorb({ ...history, publications: older }, offset);
        }
      }
    }
    const epoch = this.epoch ?? '';
    const between = {
      after: { epoch, offset: Math.min(...incomplete.map(({ caseId }) => ends.get(caseId) ?? 0)) },
      before: { epoch, offset: Math.max(...incomplete.map(({ caseId }) => truncated.get(caseId) ?? 0)) + 1 },
    };
    tell(incomplete, (caseIds) => ({ kind: 'gap', caseIds, reason: 'history_truncated', ...between }));
    publications.forEach((publication) => this.dispatch(this.topics.of(publication.caseId), publication));
  }

  /** The feed has a new epoch. Offsets of the old one mean nothing any more. The new one is read from its beginning. */
  private restart(epoch: string): void {
    tell(this.topics, (caseIds) => ({ kind: 'gap', caseIds, reason: 'unknown_position' }));
    [...this.topics].forEach((topic) => topic.restart());
    this.epoch = epoch;
    this.offset = 0;
    this.diverged = false;
  }
}
