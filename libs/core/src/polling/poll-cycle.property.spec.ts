import fc, { type Scheduler } from 'fast-check';
import {
  FakeUpstream,
  ManualClock,
  MemoryUpstreamLiveness,
  MemoryBroker,
  MemoryStore,
  type FakeUpstreamQuirks,
} from '#testing';
import { UpstreamFailure } from '../model/upstream-failure.js';
import { feedKey } from '../model/feed.js';
import { jsonText, type JsonText } from '../model/json.js';
import { PollCycle } from './poll-cycle.js';
import type { SetStore } from './ports/set-store.js';
import type { Publication } from '../model/publication.js';
import { QUARANTINE_FIRST_MS, QUARANTINE_MAX_MS } from './bisection.js';
import type { SetRef } from '../model/set-ref.js';

/**
 * The most important test: whatever happens around the polls of a feed, in the end its history has every message
 * exactly once. Two workers poll the sets of five tickets, interleaved at every wait. All kinds of faults are
 * generated, tickets that the upstream refuses for a while included.
 */

const OVERLAP_MS = 2000;
const LEASE_MS = 5000;
const PACE = { intervalMs: 1000, intervalMaxMs: 5000 };
const FEED = feedKey({ language: 'en-us' });
/** More than fit into one set. Messages of the first ticket are visible at once, so their order is certain. */
const TICKETS = ['prompt', 'b', 'c', 'd', 'e'];
const SET_SIZE = 3;

/** When a worker dies: before its commit reached the store, or before it got the result of the commit. */
type Death = 'before_commit' | 'after_commit' | null;

/** `refuse_sent`: from now on the upstream refuses the cursors that were sent until now, and no others. */
const UPSTREAM_AND_SWEEPS = ['fail', 'sweep', 'refuse_cursors', 'refuse_sent'] as const;

type Event =
  | { readonly kind: 'post'; readonly ticket: number; readonly content: string; readonly late: number }
  | { readonly kind: 'status'; readonly ticket: number; readonly status: number }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'poll'; readonly worker: number; readonly set: number; readonly death: Death }
  | { readonly kind: 'step'; readonly count: number }
  /** The normal case: time passes, and one worker polls every set from beginning to end. */
  | { readonly kind: 'round'; readonly worker: number; readonly ms: number }
  | { readonly kind: 'join'; readonly ticket: number }
  | { readonly kind: 'leave'; readonly ticket: number }
  | { readonly kind: (typeof UPSTREAM_AND_SWEEPS)[number] }
  | { readonly kind: 'refuse' | 'allow'; readonly ticket: number };

const ticket = fc.nat({ max: TICKETS.length - 1 });
const events: fc.Arbitrary<Event[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('post' as const),
        ticket,
        // Only two contents, so that most messages of a second have an equal one.
        content: fc.constantFrom('yes', 'no'),
        // Messages that are later than the overlap may be lost: this is the stated limit of invariant 3.
        late: fc.oneof(fc.constantFrom(0, OVERLAP_MS), fc.integer({ min: 0, max: OVERLAP_MS })),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('status' as const), ticket, status: fc.nat({ max: 1 }) }) },
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant('pass' as const),
        // Within a second, to the next polls, past a lease (then two workers poll one set), and past a quarantine.
        ms: fc.oneof(
          fc.nat({ max: 400 }),
          fc.integer({ min: 900, max: 1500 }),
          fc.constant(LEASE_MS + 1),
          fc.constant(QUARANTINE_FIRST_MS),
        ),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('poll' as const),
        worker: fc.nat({ max: 1 }),
        set: fc.nat({ max: 3 }),
        death: fc.oneof(
          { weight: 5, arbitrary: fc.constant(null) },
          { weight: 1, arbitrary: fc.constantFrom('before_commit' as const, 'after_commit' as const) },
        ),
      }),
    },
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant('round' as const),
        worker: fc.nat({ max: 1 }),
        ms: fc.integer({ min: 980, max: 1100 }),
      }),
    },
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('step' as const), count: fc.integer({ min: 1, max: 8 }) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('join' as const), ticket }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), ticket }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom(...UPSTREAM_AND_SWEEPS) }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constantFrom('refuse' as const, 'allow' as const), ticket }),
    },
  ),
  { maxLength: 80, size: 'max' },
);

const quirks: fc.Arbitrary<FakeUpstreamQuirks> = fc.record({
  form: fc.constantFrom('milliseconds', 'nineteen_digits', 'opaque'),
  basis: fc.constantFrom('server_time', 'newest_message'),
  bound: fc.constantFrom('inclusive', 'exclusive'),
  listing: fc.constantFrom('oldest_first', 'newest_first', 'shuffled'),
});

class World {
  readonly clock = new ManualClock();
  readonly store = new MemoryStore({
    clock: this.clock,
    maxCaseIds: SET_SIZE,
    historyMax: 1000,
    intervalMs: PACE.intervalMs,
  });
  readonly said = new Map<string, JsonText[]>(TICKETS.map((caseId) => [caseId, []]));
  readonly statuses = new Map<string, number>();
  private readonly liveness = new MemoryUpstreamLiveness();
  private readonly upstream: FakeUpstream;
  private readonly workers: { readonly cycle: PollCycle; death: Death }[];
  private readonly wanted = new Set<string>();
  private readonly sets = new Map<number, SetRef>();
  private running: Promise<unknown>[] = [];

  constructor(
    private readonly scheduler: Scheduler,
    quirks: FakeUpstreamQuirks,
  ) {
    this.upstream = new FakeUpstream({ clock: this.clock, latency: () => this.wait() }, quirks);
    this.workers = ['one', 'other'].map((owner) => {
      const worker: { cycle: PollCycle; death: Death } = { cycle: this.cycle(owner, () => worker.death), death: null };
      return worker;
    });
  }

  async happen(event: Event): Promise<void> {
    switch (event.kind) {
      case 'post':
        return this.post(this.ticket(event.ticket), event.content, event.ticket === 0 ? 0 : event.late);
      case 'status':
        this.statuses.set(this.ticket(event.ticket), event.status);
        return this.upstream.setStatus(this.ticket(event.ticket), event.status);
      case 'pass':
        return this.clock.advance(event.ms);
      case 'poll':
        return this.poll(event.set, event.worker, event.death);
      case 'round':
        this.clock.advance(event.ms);
        return this.round(() => event.worker);
      case 'step':
        for (let left = event.count; left > 0 && this.scheduler.count() > 0; left -= 1) {
          await this.scheduler.waitOne();
        }
        return;
      case 'join':
        return this.want(this.ticket(event.ticket));
      case 'leave':
        return this.leave(this.ticket(event.ticket));
      case 'sweep':
        return this.sweep();
      case 'refuse':
        return this.upstream.refuse(this.ticket(event.ticket));
      case 'allow':
        return this.upstream.allow(this.ticket(event.ticket));
      case 'refuse_cursors':
        return this.upstream.refuseCursors(() => true);
      case 'refuse_sent':
        return this.refuseSent();
      case 'fail':
        return this.upstream.failNext(new UpstreamFailure('timeout', 'no answer'));
    }
  }

  /** All tickets are wanted again, and enough further polls succeed. */
  async settle(): Promise<void> {
    await this.drain();
    this.upstream.allow(...TICKETS);
    this.refuseSent();
    // Twice: a bisection that was almost over may still quarantine a ticket.
    for (let turn = 0; turn < 2; turn += 1) {
      this.clock.advance(QUARANTINE_MAX_MS);
      await this.want(...TICKETS);
      await this.sweep();
      for (let round = 0; round < 8; round += 1) {
        this.clock.advance(LEASE_MS + PACE.intervalMaxMs);
        await this.round((set) => set % 2);
      }
    }
  }

  async published(): Promise<readonly Publication[]> {
    const wants = TICKETS.map((caseId) => ({ caseId, atLeast: 1000, after: null }));
    const { tickets } = await new MemoryBroker(this.store).history(FEED, wants, null);
    return tickets.flatMap((history) => history.publications);
  }

  private refuseSent(): void {
    const sent = new Set(this.upstream.requests.map(({ cursor }) => cursor));
    this.upstream.refuseCursors((cursor) => sent.has(cursor));
  }

  private ticket(index: number): string {
    return TICKETS[index] ?? 'prompt';
  }

  private post(caseId: string, content: string, late: number): void {
    const at = this.clock.now();
    this.upstream.post(caseId, { content }, { at, visibleAt: at + late });
    const create_time = new Date(at).toISOString().slice(0, 19).replace('T', ' ');
    this.said.get(caseId)?.push(jsonText({ content, create_time }));
  }

  private poll(set: number, worker: number, death: Death): void {
    const ref = [...this.sets.values()][set];
    const polling = this.workers[worker];
    if (ref === undefined || polling === undefined) {
      return;
    }
    polling.death = death;
    // The poll of a dead worker ends in an error.
    this.running.push(polling.cycle.run(ref).catch(() => undefined));
  }

  private async round(workerOf: (set: number) => number): Promise<void> {
    for (let set = 0; set < this.sets.size; set += 1) {
      this.poll(set, workerOf(set), null);
    }
    await this.drain();
  }

  private async want(...caseIds: string[]): Promise<void> {
    caseIds.forEach((caseId) => this.wanted.add(caseId));
    const now = this.clock.now();
    const sets = await this.store.want(FEED, [...this.wanted], now, now + 1, 'arrival');
    sets.forEach(({ ref }) => this.sets.set(ref.id, ref));
  }

  /** Leases here last a millisecond. They are renewed for the tickets that are still wanted. */
  private async leave(caseId: string): Promise<void> {
    this.clock.advance(2);
    this.wanted.delete(caseId);
    await this.want();
    await this.sweep();
  }

  /** Sweeps, as the reconciler does. Tickets may come back from quarantine in sets of their own. */
  private async sweep(): Promise<void> {
    await this.want();
    await this.store.sweep(FEED, this.clock.now());
    const sets = await this.store.overdue(FEED, Number.POSITIVE_INFINITY);
    sets.forEach((ref) => this.sets.set(ref.id, ref));
  }

  private async drain(): Promise<void> {
    await this.scheduler.waitFor(Promise.all(this.running));
    this.running = [];
  }

  private wait(): Promise<void> {
    return this.scheduler.schedule(Promise.resolve());
  }

  private cycle(owner: string, death: () => Death): PollCycle {
    const { store, clock, upstream } = this;
    const distant: SetStore = {
      begin: (ref, now, lease) => this.wait().then(() => store.begin(ref, now, lease)),
      release: (ref, owner) => this.wait().then(() => store.release(ref, owner)),
      fail: (failure) => this.wait().then(() => store.fail(failure)),
      recordBisection: (step) => this.wait().then(() => store.recordBisection(step)),
      commit: async (commit) => {
        const dies = death();
        await this.wait();
        if (dies === 'before_commit') {
          throw new Error('killed');
        }
        const committed = await store.commit(commit);
        await this.wait();
        if (dies === 'after_commit') {
          throw new Error('killed');
        }
        return committed;
      },
    };
    const nothing = () => undefined;
    const telemetry = {
      polled: nothing,
      failed: nothing,
      quarantined: nothing,
      cursorRefused: nothing,
      discarded: nothing,
    };
    const quota = { turn: async () => 0, throttled: async () => undefined };
    const digest = (text: string) => text;
    const { liveness } = this;
    const parts = { store: distant, upstream, quota, liveness, clock, digest, telemetry, random: () => 0.5 };
    const lease = { owner, leaseMs: LEASE_MS, sendWithinMs: LEASE_MS };
    return new PollCycle(parts, { ...PACE, overlapMs: OVERLAP_MS, lease });
  }
}

describe('PollCycle, whatever happens', () => {
  it('publishes every message exactly once and in order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), quirks, events, async (scheduler, how, happenings) => {
        const world = new World(scheduler, how);
        for (const event of happenings) {
          await world.happen(event);
        }
        await world.settle();
        const published = await world.published();

        const offsets = published.map((one) => one.offset).sort((a, b) => a - b);
        expect(offsets).toEqual(offsets.map((_, index) => index + 1));

        for (const [caseId, said] of world.said) {
          const messages = published.flatMap((one) => (one.kind === 'message' && one.caseId === caseId ? [one] : []));
          expect(messages.map((one) => one.message as string).sort()).toEqual([...said].sort());
          const statuses = published.flatMap((one) =>
            one.kind === 'status' && one.caseId === caseId ? [one.status] : [],
          );
          expect(statuses.at(-1)).toBe(world.statuses.get(caseId));
          expect(statuses.filter((status, index) => status === statuses[index - 1])).toEqual([]);
          if (caseId === 'prompt') {
            const times = messages.map((one) => one.sentAt ?? 0);
            expect(times).toEqual(times.toSorted((a, b) => a - b));
          }
        }
      }),
      { numRuns: Number(process.env['FC_RUNS'] ?? 1000) },
    );
  }, 120_000);
});
