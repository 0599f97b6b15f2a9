import { feedKey, PollCycle, type FeedKey, type Next, type PollOptions, type SetRef, type TurnRequest } from '#core';
import { MemoryBroker } from '../fan-out/memory-broker.js';
import { ManualClock } from '../model/manual-clock.js';
import { MemoryStore } from '../store/memory-store.js';
import { FakeUpstream, type FakeUpstreamQuirks } from './fake-upstream.js';
import { MemoryUpstreamLiveness } from './memory-upstream-liveness.js';
import { RecordingTelemetry } from './recording-telemetry.js';

const INTEREST_MS = 1e9;

/** Workers, their store and the upstream, with a clock that the test moves. */
export class PollScene {
  static readonly LEASE = { leaseMs: 7000, sendWithinMs: 1000 };
  static readonly OPTIONS: Omit<PollOptions, 'lease'> = { intervalMs: 1000, intervalMaxMs: 5000, overlapMs: 2000 };

  readonly feed: FeedKey = feedKey({ language: 'en-us' });
  readonly clock = new ManualClock();
  readonly store = new MemoryStore({ clock: this.clock, maxCaseIds: 100, historyMax: 1000, intervalMs: 1000 });
  readonly upstream: FakeUpstream;
  /** The telemetry of all workers. */
  readonly telemetry = new RecordingTelemetry();
  /** Turns are free, until a test says otherwise. */
  readonly quota = {
    turn: jest.fn<Promise<number>, [TurnRequest]>(async () => 0),
    throttled: jest.fn<Promise<void>, [until: number, now: number]>(async () => undefined),
  };
  /** Each request waits for it before it reaches the upstream, and again before the answer arrives. */
  latency: () => Promise<void> = () => Promise.resolve();

  constructor(quirks: Partial<FakeUpstreamQuirks> = {}) {
    this.upstream = new FakeUpstream({ clock: this.clock, latency: () => this.latency() }, quirks);
  }

  worker(owner: string): PollCycle {
    const { store, upstream, clock, quota, telemetry } = this;
    const digest = (text: string) => text;
    const liveness = new MemoryUpstreamLiveness();
    const parts = { store, upstream, quota, liveness, clock, digest, telemetry, random: () => 0 };
    return new PollCycle(parts, { ...PollScene.OPTIONS, lease: { ...PollScene.LEASE, owner } });
  }

  /** Leases tickets for longer than any test lasts. */
  async want(...caseIds: string[]): Promise<SetRef> {
    const now = this.clock.now();
    const [due] = await this.store.want(this.feed, caseIds, now, now + INTEREST_MS, 'arrival');
    return due?.ref ?? { feed: this.feed, id: 1 };
  }

  /** Ends all interest. */
  async endInterest(): Promise<void> {
    this.clock.advance(INTEREST_MS);
    await this.store.sweep(this.feed, this.clock.now());
  }

  /** Lets time pass until the set is due, and polls it. */
  async pollWhenDue(worker: PollCycle, ref: SetRef, next: Next): Promise<Next> {
    if (next.kind !== 'again') {
      throw new Error(`expected another poll, found ${next.kind}`);
    }
    this.clock.advance(Math.max(0, next.at - this.clock.now()));
    return worker.run(ref);
  }

  /** What history has of a ticket: the `content` of its messages, and its statuses. */
  async contents(caseId: string): Promise<unknown[]> {
    const want = { caseId, atLeast: 1000, after: null };
    const [history] = (await new MemoryBroker(this.store).history(this.feed, [want], null)).tickets;
    return (history?.publications ?? []).map((one) =>
      one.kind === 'message' ? (JSON.parse(one.message) as { content: unknown }).content : `status ${one.status}`,
    );
  }
}
