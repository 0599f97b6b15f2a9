import { QuarantineNotices } from './quarantine-notices.js';
import type { FeedKey } from '../model/feed.js';
import { HistoryReader } from './history-reader.js';
import type { Broker, HistorySnapshot, UpstreamState } from './ports/broker.js';
import type { Publication } from '../model/publication.js';
import { missing, recover, type ReadBounds, type RecoverySource } from './recovery.js';
import { hasDiverged, missedSince } from './repair.js';
import type { StreamPosition } from '../model/stream-position.js';
import type { Subscriber, SubscribeRequest } from './subscription.js';
import type { CaseId } from '../model/ticket.js';
import { tell, type Topic } from './topic.js';
import { Topics } from './topics.js';
import { UpstreamNotices } from './upstream-notices.js';

/** Bounds of what a feed keeps in memory. */
export interface FeedStreamOptions extends ReadBounds {
  /** How long a ticket without subscribers stays watched, ms. */
  readonly idleMs: number;
}

/** Publications held back during a repair. Past it they are dropped, and read from history instead. */
const REPAIR_BUFFER_MAX = 10_000;
/** Pause before a failed repair is tried again, ms. */
const REPAIR_RETRY_MS = 200;

/**
 * One feed inside a gateway: what was published, in order and without a hole, to whoever subscribed. `known` is the
 * offset up to which everything published on the watched tickets has been handed on.
 */
export class FeedStream {
  private readonly topics: Topics;
  private readonly reader: HistoryReader;
  private epoch: string | null = null;
  private known = 0;
  private loaded = false;
  private readonly upstream: UpstreamNotices;
  private readonly quarantined: QuarantineNotices;
  /** Publications held back while history is read after an interruption; null while all is well. */
  private held: Publication[] | null = null;
  private repairAgain = false;
  private repairing: Promise<void> = Promise.resolve();
  private repairs = 0;
  /** The store has something else where it had what was handed on: it lost its end, and went on from there. */
  private diverged = false;

  constructor(
    feed: FeedKey,
    broker: Broker,
    private readonly options: FeedStreamOptions,
    private readonly wait: (ms: number) => Promise<void>,
  ) {
    this.topics = new Topics(feed, broker);
    this.upstream = new UpstreamNotices(this.topics);
    this.quarantined = new QuarantineNotices((caseId) => this.topics.find(caseId));
    this.reader = new HistoryReader(
      feed,
      broker,
      () => this.dispatchedPosition(),
      (read) => this.absorb(read),
    );
  }

  get topicCount(): number {
    return this.topics.size;
  }

  /**
   * Recovers a subscriber and makes it live, in one tick (invariant 7): history is in memory by then, and nothing is
   * awaited between the replay and the first live publication.
   *
   * @throws where the store is out of reach; the subscriber is not attached then
   */
  async subscribe(request: SubscribeRequest, subscriber: Subscriber): Promise<void> {
    const topics = this.topics.enter(request.caseIds);
    try {
      await Promise.all(topics.map((topic) => topic.watched));
      let wants = missing(request, this.source, this.options, true);
      while (wants.length > 0 || this.held) {
        await this.repairing;
        await this.reader.load(wants);
        wants = missing(request, this.source, this.options, false);
      }
      if (request.isAbandoned?.()) {
        return;
      }
      subscriber.recover(recover(request, this.source));
      topics.forEach((topic) => topic.subscribers.add(subscriber));
    } finally {
      topics.forEach((topic) => (topic.pending -= 1));
    }
  }

  unsubscribe(caseIds: readonly CaseId[], subscriber: Subscriber): void {
    for (const caseId of caseIds) {
      this.topics.find(caseId)?.subscribers.delete(subscriber);
    }
  }

  published(publication: Publication): void {
    if (this.held) {
      this.hold(this.held, publication);
      return;
    }
    const topic = this.topics.find(publication.caseId);
    const sameEpoch = this.epoch === null || publication.epoch === this.epoch;
    if (topic === undefined || (sameEpoch && publication.offset <= this.known)) {
      return;
    }
    if (!sameEpoch || !topic.tail.continues(publication)) {
      this.repair([publication]);
      return;
    }
    this.dispatch(topic, publication);
  }

  upstreamChanged(state: UpstreamState): void {
    this.upstream.changed(state);
  }

  quarantineChanged(caseId: CaseId, quarantined: boolean): void {
    this.quarantined.changed(caseId, quarantined);
  }

  /** Reads what was missed from history before anything live goes on (invariant 8). */
  repair(held: Publication[] = []): void {
    this.upstream.markStale();
    if (this.held) {
      this.repairAgain = true;
      return;
    }
    this.held = held;
    this.repairing = this.repairUntilWhole();
  }

  /** Lets go of tickets that nobody has wanted for a while, and of memory that nobody needs. */
  sweep(now: number, tailMax: number): void {
    this.topics.evictIdle(now, this.options.idleMs);
    for (const topic of this.topics) {
      topic.tail.trim(Math.min(tailMax, this.options.tailMax));
    }
  }

  /** What is in memory at this instant. */
  private get source(): RecoverySource {
    return {
      position: { epoch: this.epoch ?? '', offset: this.known },
      loaded: this.loaded,
      upstream: this.upstream.state,
      isQuarantined: (caseId) => this.topics.of(caseId).quarantined,
      tail: (caseId) => this.topics.of(caseId).tail,
    };
  }

  private async absorb(read: () => Promise<HistorySnapshot>): Promise<void> {
    const { repairs } = this;
    const { heard } = this.quarantined;
    const snapshot = await read();
    if (this.held || this.repairs !== repairs) {
      return; // A repair came between, and this may be older than what it read: the subscription looks again.
    }
    if (this.epoch !== null && snapshot.epoch !== this.epoch) {
      this.repair();
      return;
    }
    this.loaded = true;
    this.epoch = snapshot.epoch;
    this.known = Math.max(this.known, snapshot.offset);
    this.upstream.learn(snapshot.upstream);
    this.quarantined.learn([snapshot], heard);
    for (const history of snapshot.tickets) {
      this.topics.find(history.caseId)?.tail.absorb(history, snapshot.offset);
    }
  }

  private hold(held: Publication[], publication: Publication): void {
    if (held.length < REPAIR_BUFFER_MAX) {
      held.push(publication);
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
        // The store is out of reach: clients keep their connection and their position until it is back.
        this.repairAgain = true;
        await this.wait(REPAIR_RETRY_MS);
      }
    } while (this.repairAgain);
    const held = this.held ?? [];
    this.held = null;
    held.forEach((publication) => this.published(publication));
  }

  private async repairOnce(): Promise<void> {
    this.repairs += 1;
    const { heard } = this.quarantined;
    // A ticket that is not watched yet may miss publications after it was read here: its subscription reads it.
    const topics = [...this.topics].filter((topic) => topic.isWatched);
    const wants = topics.map((topic) => ({
      caseId: topic.caseId,
      atLeast: this.options.tailMax,
      // With what was handed on last, to be held against what the store says it was.
      after: Math.min(this.dispatchedUpTo(topic), (topic.tail.newest?.offset ?? Infinity) - 1),
    }));
    const snapshots: HistorySnapshot[] = [];
    await this.reader.read(wants, async (read) => void snapshots.push(await read()));
    const newest = snapshots.at(-1);
    if (this.repairAgain || snapshots.some((snapshot) => snapshot.epoch !== newest?.epoch)) {
      // Something was lost between two of these reads, or between a read and now: together they prove nothing.
      this.repairAgain = true;
      return;
    }
    // A ticket may have been let go and taken up again meanwhile, as another topic.
    const read = new Set(topics.filter((topic) => this.topics.find(topic.caseId) === topic));
    [...this.topics].filter((topic) => !read.has(topic)).forEach((topic) => topic.tail.clear());
    if (newest === undefined) {
      return;
    }
    if (this.epoch !== null && newest.epoch !== this.epoch) {
      this.restart(newest.epoch);
      return;
    }
    const ends = [...read].flatMap((topic) => topic.tail.newest ?? []);
    if (hasDiverged(ends, snapshots)) {
      this.diverged = true;
      this.repairAgain = true;
      return;
    }
    this.loaded = true;
    this.epoch = newest.epoch;
    this.dispatchMissed(snapshots, [...read]);
    this.known = Math.max(this.known, newest.offset);
    this.upstream.learn(newest.upstream);
    this.quarantined.learn(snapshots, heard);
    this.dropOtherEpochs();
  }

  /** Publications of another life are of one that is over, or of one that has begun since: one more look tells. */
  private dropOtherEpochs(): void {
    const held = this.held ?? [];
    this.held = held.filter((publication) => publication.epoch === this.epoch);
    this.repairAgain ||= this.held.length < held.length;
  }

  /** What the store must have at least, or it lost its end: of a life that it contradicts, nothing is enough. */
  private dispatchedPosition(): StreamPosition | null {
    const offset = this.diverged ? Number.MAX_SAFE_INTEGER : this.known;
    return this.epoch === null ? null : { epoch: this.epoch, offset };
  }

  /** Offset up to which the ticket's subscribers have all of it. */
  private dispatchedUpTo(topic: Topic): number {
    // The ticket's own end, where it is known: `known` may have passed by a publication that was lost on the way.
    return Math.min(this.known, topic.tail.end);
  }

  /** Hands on, in order, all that history and the held publications have beyond what was handed on. */
  private dispatchMissed(snapshots: readonly HistorySnapshot[], topics: readonly Topic[]): void {
    const ends = new Map(topics.map((topic) => [topic.caseId, this.dispatchedUpTo(topic)]));
    const { publications, truncated } = missedSince(ends, snapshots, this.held ?? []);
    const holed = topics.filter((topic) => truncated.has(topic.caseId));
    holed.forEach((topic) => topic.tail.clear());
    for (const { offset, tickets } of snapshots) {
      for (const history of tickets) {
        const end = ends.get(history.caseId);
        if (end !== undefined) {
          const older = history.publications.filter((publication) => publication.offset <= end);
          this.topics.of(history.caseId).tail.absorb({ ...history, publications: older }, offset);
        }
      }
    }
    tell(holed, (caseIds) => ({ kind: 'gap', caseIds, reason: 'history_truncated' }));
    publications.forEach((publication) => this.dispatch(this.topics.of(publication.caseId), publication));
  }

  /** The feed began a new life: old offsets mean nothing any more, and the new life is read from its beginning. */
  private restart(epoch: string): void {
    tell(this.topics, (caseIds) => ({ kind: 'gap', caseIds, reason: 'unknown_position' }));
    [...this.topics].forEach((topic) => topic.tail.clear());
    this.epoch = epoch;
    this.known = 0;
    this.diverged = false;
    this.repairAgain = true;
  }

  private dispatch(topic: Topic, publication: Publication): void {
    this.epoch = publication.epoch;
    this.known = Math.max(this.known, publication.offset);
    topic.tail.append(publication);
    for (const subscriber of topic.subscribers) {
      subscriber.deliver(publication);
    }
  }
}
