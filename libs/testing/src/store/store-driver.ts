import {
  feedKey,
  jsonText,
  type Begun,
  type CaseId,
  type Committed,
  type FeedKey,
  type HistorySnapshot,
  type JsonText,
  type MessageClass,
  type MessageIdentity,
  type DeltaEntry,
  type SetCommit,
  type SetRef,
  type TicketSet,
} from '#core';
import type { StoreFixture } from './store-fixture.js';

/** How long interest in a ticket lasts in the suites, ms. */
export const INTEREST_MS = 30_000;
/** How long the lease of a set lasts in the suites, ms. */
export const LEASE_MS = 10_000;

let feeds = 0;

/** What the suites do with a store, on a feed that no other test uses. */
export class StoreDriver {
  readonly feed: FeedKey;

  constructor(readonly fixture: StoreFixture) {
    feeds += 1;
    const unique = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}-${feeds}`;
    this.feed = feedKey({ language: 'en-us', groupId: unique });
  }

  get now(): number {
    return this.fixture.clock.now();
  }

  /** Leases tickets. @returns the sets that are due earlier because of it */
  async want(...caseIds: CaseId[]): Promise<SetRef[]> {
    const sets = await this.fixture.registry.want(this.feed, caseIds, this.now, this.now + INTEREST_MS, 'arrival');
    return sets.map((set) => set.ref);
  }

  /** Leases tickets that fit into one new set. @returns the set */
  async wantOneSet(...caseIds: CaseId[]): Promise<SetRef> {
    const [ref, ...others] = await this.want(...caseIds);
    expect(others).toEqual([]);
    if (ref === undefined) {
      throw new Error('wanted tickets that wait for no poll');
    }
    return ref;
  }

  /** Asks for the lease of a set. */
  ask(ref: SetRef, owner: string): Promise<Begun> {
    return this.fixture.store.begin(ref, this.now, { owner, until: this.now + LEASE_MS });
  }

  /** Takes a set that must be free, or this worker's already. */
  async begin(ref: SetRef, owner = 'worker'): Promise<TicketSet> {
    const begun = await this.ask(ref, owner);
    if (begun.kind !== 'begun') {
      throw new Error(`expected a free set, found it ${begun.kind}`);
    }
    return begun.set;
  }

  commit(set: Pick<TicketSet, 'ref' | 'fence'>, entries: readonly DeltaEntry[], more: Partial<SetCommit> = {}) {
    const due = { active: this.now + 1000, idle: this.now + 5000 };
    const { ref, fence } = set;
    return this.fixture.store.commit({ ref, fence, now: this.now, entries, backfilled: [], due, ...more });
  }

  /** Takes a set and commits what a poll found. @throws Error if it is not committed */
  async publish(ref: SetRef, ...entries: DeltaEntry[]): Promise<Extract<Committed, { kind: 'committed' }>> {
    const set = await this.begin(ref);
    const committed = await this.commit(set, entries, { backfilled: set.joining });
    if (committed.kind !== 'committed') {
      throw new Error(`expected a commit, found ${committed.kind}`);
    }
    return committed;
  }

  async fail(ref: SetRef, code: 'timeout' | 'malformed' = 'timeout'): Promise<void> {
    const { fence } = await this.begin(ref);
    await this.fixture.store.fail({ ref, fence, now: this.now, code, dueAt: this.now + 700 });
  }

  /** All that is kept of some tickets. */
  history(...caseIds: CaseId[]): Promise<HistorySnapshot> {
    const wants = caseIds.map((caseId) => ({ caseId, atLeast: 1000, after: null }));
    return this.fixture.brokers[0].history(this.feed, wants, null);
  }

  /** The contents that are kept of one ticket, in order. */
  async contents(caseId: CaseId): Promise<string[]> {
    const [ticket] = (await this.history(caseId)).tickets;
    return (ticket?.publications ?? []).map((one) => (one.kind === 'message' ? one.message : `status ${one.status}`));
  }
}

/**
 * A message of a delta.
 *
 * @param count 2 for the second of two equal messages, and so on
 * @param ofClass short and without spaces, as classes are; null: it has none
 */
export function message(
  caseId: CaseId,
  content: string,
  count = 1,
  ofClass: string | null = null,
): Extract<DeltaEntry, { kind: 'message' }> {
  const names = { identity: `${content}.${count}` as MessageIdentity, class: ofClass as MessageClass | null };
  return { kind: 'message', caseId, ...names, message: text(content), sentAt: 1_000, seenAt: 2_000 };
}

export function status(caseId: CaseId, value: number): Extract<DeltaEntry, { kind: 'status' }> {
  return { kind: 'status', caseId, status: value, seenAt: 2_000 };
}

/** The text of a message with that content, as it is published. */
export function text(content: string): JsonText {
  return jsonText({ content });
}
