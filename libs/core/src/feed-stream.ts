import { ApartNotices } from './apart-notices.js';
import type { FeedKey } from './feed.js';
import { HistoryReader } from './history-reader.js';
import type { Broker, HistorySnapshot, HistoryWant, UpstreamState } from './ports/broker.js';
import type { Publication } from './publication.js';
import { recover, resumeOffset } from './recovery.js';
import { contradicts, missedSince } from './repair.js';
import type { StreamPosition } from './stream-position.js';
import type { Subscriber, SubscribeRequest } from './subscription.js';
import type { CaseId } from './ticket.js';
import { tell, Topic } from './topic.js';

/** Bounds of what a feed keeps in memory. */
export interface FeedStreamOptions {
  /** `HISTORY_MAX_EVENTS`: the most that history can give per ticket. */
  readonly historyMax: number;
  /** Publications kept in memory per ticket while nobody needs more. */
  readonly tailMax: number;
  /** How long a ticket without subscribers stays watched, ms. */
  readonly idleMs: number;
}

/** Publications held back during a repair. Past it they are dropped, and read from history instead. */
const HELD_MAX = 10_000;
/** Pause before a failed repair is tried again, ms. */
const REPAIR_RETRY_MS = 200;

/**
 * One feed inside a gateway: what was published, in order and without a hole, to whoever subscribed. `known` is the
 * offset up to which everything published on the watched tickets has been handed on.
 */
export class FeedStream {
  private readonly topics = new Map<CaseId, Topic>();
  private readonly reader: HistoryReader;
  private epoch: string | null = null;
  private known = 0;
  /** Whether history was ever read: before that, nothing is known but what happened to be published. */
  private loaded = false;
  private upstream: UpstreamState = { state: 'ok', since: 0 };
  private readonly apart = new ApartNotices((caseId) => this.topics.get(caseId));
  /** Publications held back while history is read after an interruption; null while all is well. */
  private held: Publication[] | null = null;
  private repairAgain = false;
  private repairing: Promise<void> = Promise.resolve();
  private repairs = 0;
  /** The store has something else where it had what was handed on: it lost its end, and went on from there. */
  private betrayed = false;

  constructor(
    private readonly feed: FeedKey,
    private readonly broker: Broker,
    private readonly options: FeedStreamOptions,
    private readonly wait: (ms: number) => Promise<void>,
  ) {
    this.reader = new HistoryReader(
      feed,
      broker,
      () => this.handedOnPosition(),
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
    const topics = this.enter(request.caseIds);
    try {
      await Promise.all(topics.map((topic) => topic.watched));
      for (
        let wants = this.missing(request, true);
        wants.length > 0 || this.held;
        wants = this.missing(request, false)
      ) {
        await this.repairing;
        await this.reader.load(wants);
      }
      if (request.isAbandoned?.()) {
        return;
      }
      subscriber.recover(
        recover(request, {
          position: { epoch: this.epoch ?? '', offset: this.known },
          upstream: this.upstream,
          isApart: (caseId) => this.topic(caseId).apart,
          tail: (caseId) => this.topic(caseId).tail,
        }),
      );
      topics.forEach((topic) => topic.subscribers.add(subscriber));
    } finally {
      topics.forEach((topic) => (topic.pending -= 1));
    }
  }

  unsubscribe(caseIds: readonly CaseId[], subscriber: Subscriber): void {
    for (const caseId of caseIds) {
      this.topics.get(caseId)?.subscribers.delete(subscriber);
    }
  }

  published(publication: Publication): void {
    if (this.held) {
      this.hold(this.held, publication);
      return;
    }
    const topic = this.topics.get(publication.caseId);
    const sameLife = this.epoch === null || publication.epoch === this.epoch;
    if (topic === undefined || (sameLife && publication.offset <= this.known)) {
      return;
    }
    if (!sameLife || !topic.tail.continues(publication)) {
      this.repair([publication]);
      return;
    }
    this.handOn(topic, publication);
  }

  upstreamChanged(state: UpstreamState): void {
    const changed = state.state !== this.upstream.state;
    this.upstream = state;
    if (!changed) {
      return; // A repair was faster.
    }
    const subscribers = new Set([...this.topics.values()].flatMap((topic) => [...topic.subscribers]));
    for (const subscriber of subscribers) {
      subscriber.notify({ kind: 'upstream', state });
    }
  }

  apartChanged(caseId: CaseId, apart: boolean): void {
    this.apart.changed(caseId, apart);
  }

  /** Reads what was missed from history before anything live goes on (invariant 8). */
  repair(held: Publication[] = []): void {
    // A state may have been missed, too: whatever history says is newer.
    this.upstream = { ...this.upstream, since: 0 };
    if (this.held) {
      this.repairAgain = true;
      return;
    }
    this.held = held;
    this.repairing = this.repairUntilWhole();
  }

  /** Lets go of tickets that nobody has wanted for a while, and of memory that nobody needs. */
  sweep(now: number, tailMax: number): void {
    const idle = [...this.topics.values()].filter((topic) => topic.isForsaken(now, this.options.idleMs));
    for (const topic of this.topics.values()) {
      topic.tail.trim(Math.min(tailMax, this.options.tailMax));
    }
    if (idle.length > 0) {
      idle.forEach((topic) => this.topics.delete(topic.caseId));
      // What cannot be told to the store now ends with the connection anyway.
      this.broker
        .unwatch(
          this.feed,
          idle.map((topic) => topic.caseId),
        )
        .catch(() => undefined);
    }
  }

  private enter(caseIds: readonly CaseId[]): Topic[] {
    const fresh = caseIds.filter((caseId) => !this.topics.has(caseId));
    if (fresh.length > 0) {
      const watched = this.broker.watch(this.feed, fresh);
      fresh.forEach((caseId) => this.topics.set(caseId, new Topic(caseId, watched)));
      // Nobody may find a ticket that is not watched; those who wait for it have the error.
      watched.catch(() => fresh.forEach((caseId) => this.topics.delete(caseId)));
    }
    const topics = caseIds.map((caseId) => this.topic(caseId));
    topics.forEach((topic) => (topic.pending += 1));
    return topics;
  }

  private topic(caseId: CaseId): Topic {
    const topic = this.topics.get(caseId);
    if (topic === undefined) {
      throw new Error('a subscription holds a ticket that is not watched');
    }
    return topic;
  }

  /**
   * What has to be read before a request can be served from memory.
   *
   * @param first nothing was read for this request yet. A position that means nothing here may be one that another
   *   gateway gave a moment ago: history is asked once before it is called unknown.
   */
  private missing(request: SubscribeRequest, first: boolean): HistoryWant[] {
    const resumed = resumeOffset(request.from, { epoch: this.epoch ?? '', offset: this.known });
    const named = request.from.kind === 'position' ? request.from.position.offset : null;
    const stale = !this.loaded || (first && named !== null && resumed === null);
    // Any position may turn out to be known: ask for what it would need.
    const after = stale ? named : resumed;
    const everything = request.from.kind !== 'start' && after === null;
    const count = everything ? this.options.historyMax : after === null ? request.history : 0;
    return request.caseIds
      .filter((caseId) => stale || !this.topic(caseId).tail.covers(after, count, this.known))
      .map((caseId) => ({ caseId, atLeast: Math.max(count, this.options.tailMax), after }));
  }

  private async absorb(read: () => Promise<HistorySnapshot>): Promise<void> {
    const { repairs } = this;
    const { heard } = this.apart;
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
    this.learnUpstream(snapshot.upstream);
    this.apart.learn([snapshot], heard);
    for (const history of snapshot.tickets) {
      this.topics.get(history.caseId)?.tail.absorb(history, snapshot.offset);
    }
  }

  private hold(held: Publication[], publication: Publication): void {
    if (held.length < HELD_MAX) {
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
    const { heard } = this.apart;
    // A ticket that is not watched yet may miss publications after it was read here: its subscription reads it.
    const topics = [...this.topics.values()].filter((topic) => topic.isWatched);
    const wants = topics.map((topic) => ({
      caseId: topic.caseId,
      atLeast: this.options.tailMax,
      // With what was handed on last, to be held against what the store says it was.
      after: Math.min(this.handedOn(topic), (topic.tail.newest?.offset ?? Infinity) - 1),
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
    const read = new Set(topics.filter((topic) => this.topics.get(topic.caseId) === topic));
    this.topics.forEach((topic) => read.has(topic) || topic.tail.clear());
    if (newest === undefined) {
      return;
    }
    if (this.epoch !== null && newest.epoch !== this.epoch) {
      this.restart(newest.epoch);
      return;
    }
    const ends = [...read].flatMap((topic) => topic.tail.newest ?? []);
    if (contradicts(ends, snapshots)) {
      this.betrayed = true;
      this.repairAgain = true;
      return;
    }
    this.loaded = true;
    this.epoch = newest.epoch;
    this.handOnMissed(snapshots, [...read]);
    this.known = Math.max(this.known, newest.offset);
    this.learnUpstream(newest.upstream);
    this.apart.learn(snapshots, heard);
    this.dropStrangers();
  }

  /** Publications of another life are of one that is over, or of one that has begun since: one more look tells. */
  private dropStrangers(): void {
    const held = this.held ?? [];
    this.held = held.filter((publication) => publication.epoch === this.epoch);
    this.repairAgain ||= this.held.length < held.length;
  }

  /** What the store must have at least, or it lost its end: of a life that it contradicts, nothing is enough. */
  private handedOnPosition(): StreamPosition | null {
    const offset = this.betrayed ? Number.MAX_SAFE_INTEGER : this.known;
    return this.epoch === null ? null : { epoch: this.epoch, offset };
  }

  /** Offset up to which the ticket's subscribers have all of it. */
  private handedOn(topic: Topic): number {
    // The ticket's own end, where it is known: `known` may have passed by a publication that was lost on the way.
    return Math.min(this.known, topic.tail.end);
  }

  /** Hands on, in order, all that history and the held publications have beyond what was handed on. */
  private handOnMissed(snapshots: readonly HistorySnapshot[], topics: readonly Topic[]): void {
    const ends = new Map(topics.map((topic) => [topic.caseId, this.handedOn(topic)]));
    const { publications, truncated } = missedSince(ends, snapshots, this.held ?? []);
    const holed = topics.filter((topic) => truncated.has(topic.caseId));
    holed.forEach((topic) => topic.tail.clear());
    for (const { offset, tickets } of snapshots) {
      for (const history of tickets) {
        const end = ends.get(history.caseId);
        if (end !== undefined) {
          const older = history.publications.filter((publication) => publication.offset <= end);
          this.topic(history.caseId).tail.absorb({ ...history, publications: older }, offset);
        }
      }
    }
    tell(holed, (caseIds) => ({ kind: 'gap', caseIds, reason: 'history_truncated' }));
    publications.forEach((publication) => this.handOn(this.topic(publication.caseId), publication));
  }

  /** The feed began a new life: old offsets mean nothing any more, and the new life is read from its beginning. */
  private restart(epoch: string): void {
    tell(this.topics.values(), (caseIds) => ({ kind: 'gap', caseIds, reason: 'unknown_position' }));
    this.topics.forEach((topic) => topic.tail.clear());
    this.epoch = epoch;
    this.known = 0;
    this.betrayed = false;
    this.repairAgain = true;
  }

  /** Takes a state from history, unless a newer one was told while it was read. */
  private learnUpstream(state: UpstreamState): void {
    if (state.since >= this.upstream.since) {
      this.upstreamChanged(state);
    }
  }

  private handOn(topic: Topic, publication: Publication): void {
    this.epoch = publication.epoch;
    this.known = Math.max(this.known, publication.offset);
    topic.tail.append(publication);
    for (const subscriber of topic.subscribers) {
      subscriber.deliver(publication);
    }
  }
}
