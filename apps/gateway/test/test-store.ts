import { feedKey, jsonText, type FeedKey, type OlderMessages, type TicketSet, type PollQueue } from '#core';
import { ManualClock, MemoryBroker, MemoryStore } from '#testing';
import type { OnFailure } from '#ops';
import { GatewayStore } from '../src/gateway.store.js';
import type { OperatorStore } from '../src/admin/operator-store.js';
import type { RevocationStore } from '../src/auth/revocation-store.js';
import type { ConnectionCounts } from '../src/session/connection-counts.js';
import { MemoryConnectionCounts } from './memory-connection-counts.js';
import type { Offers } from '../src/lifecycle/offers.js';
import { MemoryOffers } from './memory-offers.js';
import { MemoryRevocations } from './memory-revocations.js';

/** The language of subscribers that name none. */
const LANGUAGE = 'zh-cn';

/** The store in memory. `publish` does what a worker's commit does. */
export class TestStore extends GatewayStore {
  readonly clock = new ManualClock();
  readonly registry = new MemoryStore({ clock: this.clock, maxCaseIds: 100, historyMax: 1000, intervalMs: 1000 });
  readonly broker = new MemoryBroker(this.registry);
  readonly positionSecrets = ['a secret of this test'];
  readonly queue: PollQueue = { wake: async () => undefined };
  /** What the upstream answers when it is asked for older messages. */
  olderAnswer: OlderMessages['read'] = async () => null;
  readonly unread = { want: async () => undefined };
  readonly older: OlderMessages = { read: (...asked) => this.olderAnswer(...asked) };
  readonly failures: unknown[] = [];
  /** What operators see is read from Redis: specs about it use a real one. */
  readonly operators: OperatorStore = {
    reads: notInMemory(),
    actions: notInMemory(),
    bull: () => notInMemory(),
    survey: () => ({ listen: async () => undefined, ask: async () => ({ answers: [], silent: 0 }) }),
  };
  private sent = 0;

  constructor(
    readonly counts: ConnectionCounts = new MemoryConnectionCounts().gateway(),
    readonly revocations: RevocationStore = new MemoryRevocations(),
    readonly offers: Offers = new MemoryOffers().gateway(),
  ) {
    super();
  }

  async start(): Promise<void> {}
  watchDataLoss(): void {}
  watchEviction(): void {}
  async isWell(): Promise<boolean> {
    return true;
  }
  watchOverview(): void {}
  /** Keeps what failed, so that a test can look. */
  onFailure(): OnFailure {
    return (error) => void this.failures.push(error);
  }
  async stop(): Promise<void> {}

  /** Publishes one message as a worker would. @returns its content */
  async publish(caseId: string, content = `message ${(this.sent += 1)}`, groupId?: string): Promise<string> {
    const message = jsonText({ content });
    const identity = `${content}.1`;
    await this.commit(caseId, groupId, { kind: 'message', identity, class: null, message, sentAt: null });
    return content;
  }

  /** Publishes the read status of a ticket. */
  async setStatus(caseId: string, status: 0 | 1, groupId?: string): Promise<void> {
    await this.commit(caseId, groupId, { kind: 'status', status });
  }

  /** Begins a poll of the ticket's set. */
  private async setOf(feed: FeedKey, caseId: string): Promise<TicketSet> {
    for (const ref of await this.registry.overdue(feed, Number.POSITIVE_INFINITY)) {
      const now = this.clock.now();
      const begun = await this.registry.begin(ref, now, { owner: 'worker', until: now });
      if (begun.kind === 'begun' && [...begun.set.members, ...begun.set.joining].includes(caseId)) {
        return begun.set;
      }
    }
    throw new Error('no set to publish in');
  }

  private async commit(caseId: string, groupId: string | undefined, entry: object): Promise<void> {
    const now = this.clock.now();
    const feed = feedKey({ language: LANGUAGE, ...(groupId !== undefined && { groupId }) });
    await this.registry.want(feed, [caseId], now, now + 60_000, 'arrival');
    const { ref, fence, joining } = await this.setOf(feed, caseId);
    const entries = [{ ...entry, caseId, seenAt: now } as never];
    await this.registry.commit({
      ref,
      fence,
      now,
      entries,
      backfilled: joining,
      due: { active: 0, idle: 0 },
    });
  }
}

function notInMemory<T extends object>(): T {
  return new Proxy({} as T, {
    get: () => () => Promise.reject(new Error('the store in memory has no view for operators')),
  });
}
