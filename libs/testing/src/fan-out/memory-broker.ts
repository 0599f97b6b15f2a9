import type {
  Broker,
  BrokerListener,
  CaseId,
  DeliveredAt,
  DeliveredNames,
  ExtentWant,
  FeedKey,
  HistorySlice,
  HistorySnapshot,
  HistoryWant,
  PageBefore,
  PageBeforeWant,
  PageWant,
  Publication,
  ReplayExtent,
  SliceWant,
  StreamPosition,
  TicketPage,
  UpstreamState,
} from '#core';
import type { MemoryConnection, MemoryStore } from '../store/memory-store.js';

export interface MemoryBrokerOptions {
  /** `on_flush`: what is published waits until {@link MemoryBroker.flush} is called, so that a test owns the races. */
  readonly delivery?: 'at_once' | 'on_flush';
  /** Passes before a command reaches the store. */
  readonly latency?: () => Promise<void>;
}

/** An item on its way from the store to one gateway. `lost` is called if the connection breaks first. */
interface InTransit {
  readonly arrive: () => void;
  readonly lost: () => void;
}

/** One gateway's connection to a {@link MemoryStore}. */
export class MemoryBroker implements Broker, MemoryConnection {
  private readonly watched = new Map<FeedKey, Set<CaseId>>();
  private readonly inTransit: InTransit[] = [];
  private listener: BrokerListener | null = null;
  private broken = false;
  /** A connection carries its commands in order. */
  private commands: Promise<void> = Promise.resolve();

  constructor(
    private readonly store: MemoryStore,
    private readonly options: MemoryBrokerOptions = {},
  ) {
    store.connect(this);
  }

  listen(listener: BrokerListener): void {
    this.listener = listener;
  }

  watch(feed: FeedKey, caseIds: readonly CaseId[]): Promise<void> {
    return this.command(() => {
      const watched = this.watched.get(feed) ?? new Set<CaseId>();
      caseIds.forEach((caseId) => watched.add(caseId));
      this.watched.set(feed, watched);
    });
  }

  unwatch(feed: FeedKey, caseIds: readonly CaseId[]): Promise<void> {
    return this.command(() => {
      caseIds.forEach((caseId) => this.watched.get(feed)?.delete(caseId));
    });
  }

  async history(feed: FeedKey, wants: readonly HistoryWant[], known: StreamPosition | null): Promise<HistorySnapshot> {
    await this.options.latency?.();
    this.refuseIfBroken();
    const snapshot = this.store.historyOf(feed, wants, known);
    // The barrier: the answer arrives after everything that was published before it.
    await new Promise<void>((arrive, lost) => {
      this.send({ arrive, lost: () => lost(new Error('the connection broke')) });
    });
    return snapshot;
  }

  async extent(feed: FeedKey, wants: readonly ExtentWant[]): Promise<ReplayExtent> {
    await this.options.latency?.();
    this.refuseIfBroken();
    return this.store.extentOf(feed, wants);
  }

  async slice(feed: FeedKey, want: SliceWant, known: StreamPosition | null): Promise<HistorySlice> {
    await this.options.latency?.();
    this.refuseIfBroken();
    return this.store.sliceOf(feed, want, known);
  }

  async page(feed: FeedKey, want: PageWant): Promise<TicketPage> {
    await this.options.latency?.();
    this.refuseIfBroken();
    return this.store.pageOf(feed, want);
  }

  async pageBefore(feed: FeedKey, want: PageBeforeWant): Promise<PageBefore> {
    await this.options.latency?.();
    this.refuseIfBroken();
    return this.store.pageBeforeOf(feed, want);
  }

  async deliveredAt(feed: FeedKey, caseId: CaseId, names: readonly DeliveredNames[]): Promise<DeliveredAt> {
    await this.options.latency?.();
    this.refuseIfBroken();
    return this.store.deliveredAt(feed, caseId, names);
  }

  published(feed: FeedKey, publication: Publication): void {
    if (this.watched.get(feed)?.has(publication.caseId)) {
      this.send({
        arrive: () => this.listener?.published(feed, publication),
        lost: () => undefined,
      });
    }
  }

  upstreamChanged(feed: FeedKey, state: UpstreamState): void {
    if (this.watched.has(feed)) {
      this.send({ arrive: () => this.listener?.upstreamChanged(feed, state), lost: () => undefined });
    }
  }

  quarantineChanged(feed: FeedKey, caseId: CaseId, quarantined: boolean): void {
    if (this.watched.has(feed)) {
      this.send({ arrive: () => this.listener?.quarantineChanged(feed, caseId, quarantined), lost: () => undefined });
    }
  }

  backfilled(feed: FeedKey, caseIds: readonly CaseId[]): void {
    if (this.watched.has(feed)) {
      this.send({ arrive: () => this.listener?.backfilled(feed, caseIds), lost: () => undefined });
    }
  }

  /** Lets the next `count` things arrive that are on their way. */
  flush(count = Number.POSITIVE_INFINITY): void {
    for (let arrived = 0; arrived < count && this.inTransit.length > 0; arrived += 1) {
      this.inTransit.shift()?.arrive();
    }
  }

  /** The connection breaks: what is on its way and what is published from now on is lost, and commands fail. */
  interrupt(): void {
    this.broken = true;
    this.inTransit.splice(0).forEach((thing) => thing.lost());
  }

  /** The connection is back, and the listener is told that it may have missed something. */
  restore(): void {
    this.broken = false;
    this.listener?.interrupted();
  }

  private send(thing: InTransit): void {
    if (this.broken) {
      thing.lost();
      return;
    }
    this.inTransit.push(thing);
    if (this.options.delivery !== 'on_flush') {
      this.flush();
    }
  }

  private command(run: () => void): Promise<void> {
    const done = this.commands.then(() => this.options.latency?.()).then(() => this.refuseIfBroken());
    const ran = done.then(run);
    this.commands = ran.catch(() => undefined);
    return ran;
  }

  private refuseIfBroken(): void {
    if (this.broken) {
      throw new Error('the store is out of reach');
    }
  }
}
