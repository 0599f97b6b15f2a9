import {
  feedKey,
  Hub,
  jsonText,
  type CaseId,
  type DeltaEntry,
  type Feed,
  type FeedStreamOptions,
  type JsonText,
  type MessageIdentity,
  type Subscriber,
  type SubscribeRequest,
  type TicketSet,
} from '#core';
import { ManualClock } from '../model/manual-clock.js';
import { MemoryBroker, type MemoryBrokerOptions } from './memory-broker.js';
import { MemoryStore } from '../store/memory-store.js';

/** A feed on which a test publishes messages directly, as if polls had found them, and gateways that deliver them. */
export class PublishingFixture {
  readonly clock = new ManualClock();
  readonly feed: Feed = { language: 'en-us' };
  readonly key = feedKey(this.feed);
  readonly store: MemoryStore;

  constructor(private readonly options: FeedStreamOptions) {
    this.store = new MemoryStore({
      clock: this.clock,
      maxCaseIds: 100,
      historyMax: options.historyMax,
      intervalMs: 1000,
    });
  }

  gateway(options: MemoryBrokerOptions = {}): { readonly broker: MemoryBroker; readonly hub: Hub } {
    const broker = new MemoryBroker(this.store, options);
    const wait = () => new Promise<void>((resolve) => setImmediate(resolve));
    return { broker, hub: new Hub({ broker, wait }, this.options) };
  }

  /** Subscribes without a position to the last two publications, unless `more` says otherwise. */
  subscribe(hub: Hub, caseIds: CaseId[], subscriber: Subscriber, more: Partial<SubscribeRequest> = {}): Promise<void> {
    return hub.subscribe(this.feed, { caseIds, from: { kind: 'start' }, history: 2, ...more }, subscriber);
  }

  /** Publishes one message per content on a ticket, in one commit. */
  async say(caseId: CaseId, ...contents: string[]): Promise<void> {
    const entries = contents.map((content) => ({
      ...({ kind: 'message', caseId, message: jsonText(content), sentAt: 0, seenAt: 0 } as const),
      identity: content as MessageIdentity,
      class: null,
    }));
    await this.publish(caseId, entries);
  }

  /** Publishes a read status. */
  async mark(caseId: CaseId, status: number): Promise<void> {
    await this.publish(caseId, [{ kind: 'status', caseId, status, seenAt: 0 }]);
  }

  /** Records two failed polls in a row. */
  async degrade(): Promise<void> {
    for (let failures = 0; failures < 2; failures += 1) {
      const { ref, fence } = await this.take('a');
      this.clock.advance(1);
      await this.store.fail({ ref, fence, now: this.clock.now(), code: 'timeout', dueAt: 0 });
    }
  }

  private async publish(caseId: CaseId, entries: readonly DeltaEntry[]): Promise<void> {
    const { ref, fence } = await this.take(caseId);
    const due = { active: 0, idle: 0 };
    await this.store.commit({ ref, fence, now: this.clock.now(), entries, backfilled: [], due });
  }

  private async take(caseId: CaseId): Promise<TicketSet> {
    const now = this.clock.now();
    await this.store.want(this.key, [caseId], now, now + 1e9, 'renewal');
    // All tickets are in the staging set, because nothing here backfills it.
    const begun = await this.store.begin({ feed: this.key, id: 1 }, now, { owner: 'fixture', until: now });
    if (begun.kind !== 'begun') {
      throw new Error('the set has no other owner here');
    }
    return begun.set;
  }
}

/** Messages of these contents, as a {@link PublishingFixture} publishes them. */
export function words(...contents: string[]): JsonText[] {
  return contents.map((content) => jsonText(content));
}

/** Resolves when all work has run that waits for nothing outside. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}
