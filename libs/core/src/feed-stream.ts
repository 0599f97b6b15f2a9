import type { FeedKey } from './feed.js';
import { HistoryReader } from './history-reader.js';
import type { Broker, HistorySnapshot, HistoryWant, UpstreamState } from './ports/broker.js';
import type { Publication } from './publication.js';
import { recover, resumeOffset } from './recovery.js';
import type { GapReason, Subscriber, SubscribeRequest } from './subscription.js';
import type { CaseId } from './ticket.js';
import { Topic } from './topic.js';

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
  private upstream: UpstreamState = { state: 'ok', since: 0 };
  /** Publications held back while history is read after an interruption; null while all is well. */
  private held: Publication[] | null = null;
  private repairAgain = false;
  private repairing: Promise<void> = Promise.resolve();

  constructor(
    private readonly feed: FeedKey,
    private readonly broker: Broker,
    private readonly options: FeedStreamOptions,
    private readonly wait: (ms: number) => Promise<void>,
  ) {
    this.reader = new HistoryReader(feed, broker, (read) => this.absorb(read));
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
      for (let wants = this.missing(request); wants.length > 0 || this.held; wants = this.missing(request)) {
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
    this.upstream = state;
    const subscribers = new Set([...this.topics.values()].flatMap((topic) => [...topic.subscribers]));
    for (const subscriber of subscribers) {
      subscriber.notify({ kind: 'upstream', state });
    }
  }

  /** Reads what was missed from history before anything live goes on (invariant 8). */
  repair(held: Publication[] = []): void {
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

  /** What has to be read before a request can be served from memory. */
  private missing(request: SubscribeRequest): HistoryWant[] {
    const loaded = this.epoch !== null;
    const position = { epoch: this.epoch ?? '', offset: this.known };
    // Before the first read any position may turn out to be of this life: ask for what it would need.
    const named = request.from.kind === 'position' ? request.from.position.offset : null;
    const after = loaded ? resumeOffset(request.from, position) : named;
    const everything = request.from.kind !== 'start' && after === null;
    const count = everything ? this.options.historyMax : after === null ? request.history : 0;
    return request.caseIds
      .filter((caseId) => !loaded || !this.topic(caseId).tail.covers(after, count, this.known))
      .map((caseId) => ({ caseId, atLeast: Math.max(count, this.options.tailMax), after }));
  }

  private async absorb(read: () => Promise<HistorySnapshot>): Promise<void> {
    const knownBefore = this.known;
    const snapshot = await read();
    if (this.held) {
      return; // A repair is under way: the subscription waits for it and looks again.
    }
    if (this.epoch !== null && (snapshot.epoch !== this.epoch || snapshot.offset < knownBefore)) {
      this.repair();
      return;
    }
    this.epoch = snapshot.epoch;
    this.known = Math.max(this.known, snapshot.offset);
    this.upstream = snapshot.upstream;
    for (const history of snapshot.tickets) {
      this.topics.get(history.caseId)?.tail.absorb(history);
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
    const after = this.known;
    const snapshots: HistorySnapshot[] = [];
    const wants = [...this.topics.keys()].map((caseId) => ({ caseId, atLeast: this.options.tailMax, after }));
    await this.reader.read(wants, async (read) => void snapshots.push(await read()));
    const newest = snapshots.at(-1);
    if (newest === undefined) {
      return;
    }
    if (snapshots.some((snapshot) => snapshot.epoch !== newest.epoch)) {
      this.repairAgain = true;
      return;
    }
    const continued = this.epoch === null || (newest.epoch === this.epoch && newest.offset >= after);
    if (!continued) {
      this.restart();
    }
    this.epoch = newest.epoch;
    this.upstream = newest.upstream;
    this.handOnMissed(snapshots, continued ? after : 0, continued);
    this.known = Math.max(this.known, newest.offset);
  }

  /** Hands on, in order, all that history and the held publications have after `after`. */
  private handOnMissed(snapshots: readonly HistorySnapshot[], after: number, continued: boolean): void {
    const missed = new Map<number, Publication>();
    const truncated: Topic[] = [];
    for (const history of snapshots.flatMap((snapshot) => snapshot.tickets)) {
      const topic = this.topics.get(history.caseId);
      const older = history.publications.filter((publication) => publication.offset <= after);
      history.publications.slice(older.length).forEach((publication) => missed.set(publication.offset, publication));
      if (topic !== undefined && continued && history.completeAfter > after) {
        truncated.push(topic);
        topic.tail.clear(); // It would have a hole.
      }
      topic?.tail.absorb({ ...history, publications: older });
    }
    // Tickets were read at slightly different instants: what was published in between is among those held back.
    const newest = snapshots.at(-1);
    for (const publication of this.held ?? []) {
      if (publication.epoch === newest?.epoch && publication.offset > after && publication.offset <= newest.offset) {
        missed.set(publication.offset, publication);
      }
    }
    this.tellGap(truncated, 'history_truncated');
    for (const publication of [...missed.values()].sort((a, b) => a.offset - b.offset)) {
      const topic = this.topics.get(publication.caseId);
      if (topic !== undefined) {
        this.handOn(topic, publication);
      }
    }
  }

  /** The feed began a new life: old offsets mean nothing any more. */
  private restart(): void {
    this.tellGap([...this.topics.values()], 'unknown_position');
    this.topics.forEach((topic) => topic.tail.clear());
    this.known = 0;
  }

  private handOn(topic: Topic, publication: Publication): void {
    this.known = publication.offset;
    topic.tail.append(publication);
    for (const subscriber of topic.subscribers) {
      subscriber.deliver(publication);
    }
  }

  private tellGap(topics: readonly Topic[], reason: GapReason): void {
    const lost = new Map<Subscriber, CaseId[]>();
    for (const topic of topics) {
      for (const subscriber of topic.subscribers) {
        lost.set(subscriber, [...(lost.get(subscriber) ?? []), topic.caseId]);
      }
    }
    for (const [subscriber, caseIds] of lost) {
      subscriber.notify({ kind: 'gap', caseIds, reason });
    }
  }
}
