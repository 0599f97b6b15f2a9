import type { Scheduler } from 'fast-check';
import {
  feedKey,
  PollCycle,
  QUARANTINE_MAX_MS,
  UpstreamFailure,
  type Publication,
  type SetCommit,
  type SetRef,
  type SetStore,
} from '#core';
import { MemoryBroker } from '../fan-out/memory-broker.js';
import { ManualClock } from '../model/manual-clock.js';
import { MemoryStore } from '../store/memory-store.js';
import { MESSAGE_FORMS } from './message-forms.js';
import { FakeUpstream, type FakeUpstreamQuirks } from './fake-upstream.js';
import { MemoryUpstreamLiveness } from './memory-upstream-liveness.js';

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

export type PollEvent =
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
  | { readonly kind: 'refuse' | 'allow'; readonly ticket: number }
  /** The upstream changes its form: to the first one, to both by turns of answers, or to both within an answer. */
  | { readonly kind: 'form'; readonly forms: readonly [number, number]; readonly by: 'time' | 'answer' | 'message' };

/** A message without its form: content and second. */
type PostedMessage = string;

/** Two workers that poll the sets of five tickets, interleaved at every wait, and all kinds of faults around them. */
export class PollWorld {
  static readonly OVERLAP_MS = OVERLAP_MS;
  static readonly LEASE_MS = LEASE_MS;
  static readonly TICKETS = TICKETS;
  static readonly UPSTREAM_AND_SWEEPS = UPSTREAM_AND_SWEEPS;

  readonly clock = new ManualClock();
  readonly store = new MemoryStore({
    clock: this.clock,
    maxCaseIds: SET_SIZE,
    historyMax: 1000,
    intervalMs: PACE.intervalMs,
  });
  readonly said = new Map<string, PostedMessage[]>(TICKETS.map((caseId) => [caseId, []]));
  readonly statuses = new Map<string, number>();
  private readonly liveness = new MemoryUpstreamLiveness();
  private readonly upstream: FakeUpstream;
  private readonly workers: { readonly cycle: PollCycle; death: Death }[];
  private readonly wanted = new Set<string>();
  private readonly sets = new Map<number, SetRef>();
  private running: Promise<unknown>[] = [];
  /** Workers of the release before: it knows messages by their identities only. */
  private readonly outdated = new Set<string>();

  constructor(
    private readonly scheduler: Scheduler<unknown>,
    quirks: FakeUpstreamQuirks,
  ) {
    this.upstream = new FakeUpstream({ clock: this.clock, latency: () => this.wait() }, quirks);
    this.workers = ['one', 'other'].map((owner) => {
      const worker: { cycle: PollCycle; death: Death } = { cycle: this.cycle(owner, () => worker.death), death: null };
      return worker;
    });
  }

  /** From now on these workers are of the release before, and the others of this one. */
  run(outdated: readonly ('one' | 'other')[]): void {
    this.outdated.clear();
    outdated.forEach((owner) => this.outdated.add(owner));
  }

  async happen(event: PollEvent): Promise<void> {
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
      case 'form':
        return this.wear(event.forms, event.by);
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

  /** All tickets leave, come back, and are polled from the beginning. */
  async rejoin(): Promise<void> {
    for (const caseId of TICKETS) {
      await this.leave(caseId);
    }
    await this.settle();
  }

  /** What was published of a ticket, whatever its form. */
  static saidBy(one: Extract<Publication, { kind: 'message' }>): PostedMessage {
    const { content } = JSON.parse(one.message) as { content: string };
    return said(content, one.sentAt ?? 0);
  }

  private wear(forms: readonly [number, number], by: 'time' | 'answer' | 'message'): void {
    this.upstream.form = (message, place) => {
      const turn = by === 'time' ? 0 : by === 'answer' ? this.upstream.requests.length : place;
      return MESSAGE_FORMS[forms[turn % 2] ?? 0]?.(message) ?? message;
    };
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
    const fields = { type: 1, replier: 'e1', replier_name: 'Engineer', content: ` ${content} `, accessory_list: [] };
    this.upstream.post(caseId, fields, { at, visibleAt: at + late });
    this.said.get(caseId)?.push(said(content, at));
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
      commit: async (whole) => {
        const commit = this.outdated.has(owner) ? withoutClasses(whole) : whole;
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

function said(content: string, at: number): PostedMessage {
  return `${content.trim()} ${Math.floor(at / 1000)}`;
}

/** The same commit, as the release before sends it. */
function withoutClasses(commit: SetCommit): SetCommit {
  const entries = commit.entries.map((one) => (one.kind === 'message' ? { ...one, class: null } : one));
  const { learned } = commit;
  const answerDigest = learned?.answerDigest?.replace(/^c\./, '') ?? null;
  return { ...commit, entries, ...(learned && { learned: { ...learned, answerDigest } }) };
}
