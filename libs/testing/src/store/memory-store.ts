import {
  claimOf,
  DEGRADED_AFTER_FAILURES,
  HINT_PAUSE_MS,
  newEpoch,
  UPSTREAM_FAILURES,
  type Begun,
  type CaseId,
  type Clock,
  type Committed,
  type DeliveredAt,
  type DeliveredNames,
  type DueSet,
  type ExtentWant,
  type FeedKey,
  type HistorySlice,
  type HistorySnapshot,
  type HistoryWant,
  type InterestRegistry,
  type LeaseReason,
  type PageBefore,
  type PageBeforeWant,
  type PageWant,
  type Publication,
  type ReplayExtent,
  type SetCommit,
  type SetLease,
  type SetRef,
  type SetStore,
  type SliceWant,
  type StreamPosition,
  type TicketPage,
  type PollFailure,
  type BisectionStep,
  type UpstreamState,
} from '#core';
import { MemoryFeed } from './memory-feed.js';
import { isLeased, isPolled, leaseAfter, type MemorySet } from './memory-set.js';

export interface MemoryStoreOptions {
  readonly clock: Clock;
  /** `UPSTREAM_MAX_CASE_IDS`. */
  readonly maxCaseIds: number;
  /** `HISTORY_MAX_EVENTS`. */
  readonly historyMax: number;
  /** `POLL_INTERVAL_MS`. */
  readonly intervalMs: number;
}

/** A subscriber of the store's Pub/Sub. */
export interface MemoryConnection {
  published(feed: FeedKey, publication: Publication): void;
  upstreamChanged(feed: FeedKey, state: UpstreamState): void;
  quarantineChanged(feed: FeedKey, caseId: CaseId, quarantined: boolean): void;
  backfilled?(feed: FeedKey, caseIds: readonly CaseId[]): void;
}

/**
 * The store in memory. Like a Redis script, each call is one atomic step. Workers and gateways of a test share one store.
 * {@link MemoryBroker} is the gateways' side.
 */
export class MemoryStore implements SetStore, InterestRegistry {
  private readonly stored = new Map<FeedKey, MemoryFeed>();
  private readonly connections = new Set<MemoryConnection>();
  private epochs = 0;

  constructor(private readonly options: MemoryStoreOptions) {}

  connect(connection: MemoryConnection): void {
    this.connections.add(connection);
  }

  /** Forgets everything, like a Redis that comes back without its data. */
  wipe(): void {
    this.stored.clear();
  }

  async want(
    feed: FeedKey,
    caseIds: readonly CaseId[],
    now: number,
    until: number,
    reason: LeaseReason,
  ): Promise<DueSet[]> {
    const stored = this.feed(feed);
    const woken = new Set<MemorySet>();
    for (const caseId of caseIds) {
      stored.leases.set(caseId, Math.max(until, stored.leases.get(caseId) ?? 0));
      const set = stored.setOf(caseId);
      const placed = set === undefined && !stored.quarantined.has(caseId) ? stored.place(caseId, now) : null;
      if (placed !== null) {
        woken.add(placed);
      }
      if (set !== undefined && reason === 'arrival') {
        const idle = now - set.activeAt > 10 * this.options.intervalMs;
        set.activeAt = now;
        if (idle || set.dueAt > now + this.options.intervalMs) {
          set.dueAt = Math.min(set.dueAt, now + this.options.intervalMs);
          woken.add(set);
        }
      }
    }
    return [...woken].map((set) => ({ ref: set.ref, at: set.dueAt }));
  }

  async hint(feed: FeedKey, caseIds: readonly CaseId[], now: number): Promise<DueSet[]> {
    const stored = this.feed(feed);
    const woken: DueSet[] = [];
    for (const set of new Set(caseIds.map((caseId) => stored.setOf(caseId)).filter((one) => one !== undefined))) {
      const at = Math.max(now, set.hintedAt + HINT_PAUSE_MS);
      set.activeAt = now;
      if (isPolled(set, now)) {
        if (set.againAt === null) {
          Object.assign(set, { againAt: at, hintedAt: at });
        }
      } else if (at < set.dueAt) {
        Object.assign(set, { hintedAt: at, dueAt: at });
        woken.push({ ref: set.ref, at });
      }
    }
    return woken;
  }

  async sweep(feed: FeedKey, now: number): Promise<number> {
    const stored = this.feed(feed);
    const mayLeave = (caseId: CaseId) => {
      const set = stored.setOf(caseId);
      return set === undefined || stored.isFreeToChange(set, now);
    };
    const ended = [...stored.leases].filter(([caseId, until]) => until <= now && mayLeave(caseId));
    for (const [caseId] of ended) {
      stored.leases.delete(caseId);
      stored.displace(caseId);
    }
    stored.retryQuarantined(now);
    stored.pack(now);
    return ended.length;
  }

  async overdue(feed: FeedKey, before: number): Promise<SetRef[]> {
    return [...this.feed(feed).sets.values()].filter((set) => set.dueAt < before).map((set) => set.ref);
  }

  async answeredAt(feed: FeedKey, caseIds: readonly CaseId[]): Promise<(number | null)[]> {
    return caseIds.map((caseId) => this.feed(feed).setOf(caseId)?.answeredAt ?? null);
  }

  async statuses(feed: FeedKey, caseIds: readonly CaseId[]): Promise<(number | null)[]> {
    return caseIds.map((caseId) => this.feed(feed).ticket(caseId).readStatus);
  }

  async unknown(feed: FeedKey, caseIds: readonly CaseId[]): Promise<CaseId[]> {
    return caseIds.filter((caseId) => !this.feed(feed).isKnown(caseId));
  }

  async earliestDue(feed: FeedKey): Promise<number | null> {
    const dues = [...this.feed(feed).sets.values()].map((set) => set.dueAt);
    return dues.length === 0 ? null : Math.min(...dues);
  }

  async release(ref: SetRef, owner: string): Promise<void> {
    const set = this.feed(ref.feed).sets.get(ref.id);
    if (set?.lease?.owner === owner) {
      set.lease = null;
    }
  }

  async begin(ref: SetRef, now: number, lease: SetLease): Promise<Begun> {
    const stored = this.feed(ref.feed).sets.get(ref.id);
    if (stored === undefined) {
      return { kind: 'gone' };
    }
    if (stored.lease !== null && isLeased(stored, now) && stored.lease.owner !== lease.owner) {
      return { kind: 'busy', until: stored.lease.until };
    }
    Object.assign(stored, { fence: stored.fence + 1, lease, againAt: null });
    const { lease: _, hintedAt: __, againAt: ___, ...set } = stored;
    return { kind: 'begun', set: { ...set, members: [...set.members], joining: [...set.joining] } };
  }

  async commit(commit: SetCommit): Promise<Committed> {
    const feed = this.feed(commit.ref.feed);
    const set = feed.sets.get(commit.ref.id);
    if (set === undefined) {
      return { kind: 'gone' };
    }
    if (set.fence !== commit.fence) {
      return { kind: 'conflict' };
    }
    const published = feed.publish(commit.entries);
    const isSuspended = feed.areReservationsSuspended(commit.now);
    const isFirst = commit.backfilled.length > 0 && set.members.size === 0;
    const isUnknown = commit.entries.length === 0 && (set.isUnknown || isFirst);
    const awaited: CaseId[] = [];
    for (const caseId of commit.backfilled) {
      // A ticket that left the set meanwhile does not become a member.
      if (set.joining.delete(caseId)) {
        set.members.add(caseId);
        awaited.push(...(feed.awaited.delete(caseId) ? [caseId] : []));
        if (feed.quarantined.delete(caseId)) {
          this.changeQuarantine(commit.ref.feed, caseId, false);
        }
      }
    }
    const active = published.length > 0;
    const { due } = commit;
    const dueAt = due ? Math.min(active ? due.active : due.idle, set.againAt ?? Number.POSITIVE_INFINITY) : set.dueAt;
    Object.assign(set, commit.learned, {
      fence: set.fence + 1,
      dueAt,
      againAt: due ? null : set.againAt,
      answeredAt: due ? commit.now : set.answeredAt,
      activeAt: active ? commit.now : set.activeAt,
      lease: leaseAfter(set, commit, dueAt, isSuspended),
      failures: 0,
      isUnknown,
      ...(commit.bisection !== undefined && { bisection: commit.bisection }),
    });
    published.forEach((publication) =>
      this.connections.forEach((connection) => connection.published(commit.ref.feed, publication)),
    );
    if (awaited.length > 0) {
      this.connections.forEach((connection) => connection.backfilled?.(commit.ref.feed, awaited));
    }
    feed.failing.delete(commit.ref.id);
    if (feed.upstream.state === 'degraded' && feed.failing.size === 0) {
      this.changeUpstream(commit.ref.feed, { state: 'ok', since: commit.now });
    }
    const { fence, joining } = set;
    if (commit.backfilled.length > 0 || isSuspended) {
      feed.pack(commit.now);
    }
    const reserved = commit.lease?.kind === 'reserve' && set.lease !== null;
    return { kind: 'committed', fence, published: published.length, dueAt, reserved, joining: joining.size > 0 };
  }

  async fail({ ref, fence, now, code, dueAt }: PollFailure): Promise<void> {
    const feed = this.feed(ref.feed);
    const set = feed.sets.get(ref.id);
    if (set?.fence !== fence) {
      return;
    }
    Object.assign(set, { fence: fence + 1, failures: set.failures + 1, dueAt, lease: null });
    this.tellFailing(set, code, now);
  }

  async recordBisection({ ref, fence, now, bisection, quarantined, retry }: BisectionStep): Promise<void> {
    const feed = this.feed(ref.feed);
    const set = feed.sets.get(ref.id);
    if (set?.fence !== fence) {
      return;
    }
    Object.assign(set, { fence: fence + 1, bisection, lease: null });
    if (retry !== undefined) {
      Object.assign(set, { failures: set.failures + 1, dueAt: retry.at });
      if (retry.code !== undefined) {
        this.tellFailing(set, retry.code, now);
      }
    }
    for (const caseId of quarantined) {
      // A ticket that left the set meanwhile is not quarantined.
      if (feed.setOf(caseId) === set && feed.quarantine(caseId, now)) {
        this.changeQuarantine(ref.feed, caseId, true);
      }
    }
  }

  /** What {@link MemoryBroker} answers history calls with. */
  historyOf(feed: FeedKey, wants: readonly HistoryWant[], known: StreamPosition | null): HistorySnapshot {
    const stored = this.feed(feed);
    if (known !== null && stored.isBehind(known)) {
      stored.epoch = this.beginEpoch();
    }
    const { claim } = claimOf(wants);
    if (claim !== undefined && stored.isBehind(claim)) {
      stored.epoch = this.beginEpoch();
    }
    return stored.history(wants);
  }

  /** What {@link MemoryBroker} answers extent calls with. */
  extentOf(feed: FeedKey, wants: readonly ExtentWant[]): ReplayExtent {
    return this.feed(feed).extent(wants);
  }

  /** What {@link MemoryBroker} answers slice calls with. */
  sliceOf(feed: FeedKey, want: SliceWant, known: StreamPosition | null): HistorySlice {
    const stored = this.feed(feed);
    if (known !== null && stored.isBehind(known)) {
      stored.epoch = this.beginEpoch();
    }
    return stored.slice(want);
  }

  /** What {@link MemoryBroker} answers page calls with. */
  pageOf(feed: FeedKey, want: PageWant): TicketPage {
    return this.feed(feed).page(want);
  }

  pageBeforeOf(feed: FeedKey, want: PageBeforeWant): PageBefore {
    return this.feed(feed).pageBefore(want);
  }

  deliveredAt(feed: FeedKey, caseId: CaseId, names: readonly DeliveredNames[]): DeliveredAt {
    const stored = this.feed(feed);
    return { epoch: stored.epoch, ...stored.ticket(caseId).deliveredAt(names) };
  }

  private tellFailing({ ref, failures }: MemorySet, code: PollFailure['code'], now: number): void {
    const feed = this.feed(ref.feed);
    if (failures >= DEGRADED_AFTER_FAILURES) {
      feed.failing.add(ref.id);
      if (feed.upstream.state === 'ok') {
        this.changeUpstream(ref.feed, { state: 'degraded', reason: UPSTREAM_FAILURES[code].reason, since: now });
      }
    }
  }

  private changeQuarantine(feed: FeedKey, caseId: CaseId, quarantined: boolean): void {
    this.connections.forEach((connection) => connection.quarantineChanged(feed, caseId, quarantined));
  }

  private changeUpstream(feed: FeedKey, state: UpstreamState): void {
    this.feed(feed).upstream = state;
    this.connections.forEach((connection) => connection.upstreamChanged(feed, state));
  }

  private feed(key: FeedKey): MemoryFeed {
    const known = this.stored.get(key);
    if (known !== undefined) {
      return known;
    }
    const feed = new MemoryFeed({ feed: key }, this.beginEpoch(), this.options);
    this.stored.set(key, feed);
    return feed;
  }

  /** Counted, not random: two epochs of one instant differ, and a test repeats exactly. */
  private beginEpoch(): string {
    this.epochs += 1;
    return newEpoch(this.options.clock.now(), (this.epochs % 10_000) / 10_000);
  }
}
