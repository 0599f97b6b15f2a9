import { FakeUpstream, ManualClock, MemoryBroker, MemoryStore, MemoryUpstreamLiveness } from '#testing';
import type { FakeUpstreamQuirks } from '#testing';
import { UpstreamFailure } from '../model/upstream-failure.js';
import { feedKey } from '../model/feed.js';
import { PollCycle, type Next } from './poll-cycle.js';
import type { TurnRequest } from './ports/quota.js';
import type { PollTelemetry } from './ports/telemetry.js';
import { COMMIT_MAX_ENTRIES } from './ports/set-store.js';
import type { SetRef } from '../model/set-ref.js';

const KEY = feedKey({ language: 'en-us' });
const LEASE = { leaseMs: 7000, sendWithinMs: 1000 };
const OPTIONS = { intervalMs: 1000, intervalMaxMs: 5000, overlapMs: 2000 };
const INTEREST_MS = 1e9;

class Scene {
  readonly clock = new ManualClock();
  readonly store = new MemoryStore({ clock: this.clock, maxCaseIds: 100, historyMax: 1000, intervalMs: 1000 });
  readonly upstream: FakeUpstream;
  readonly discarded: string[] = [];
  /** Turns are free, until a test says otherwise. */
  readonly quota = {
    turn: jest.fn<Promise<number>, [TurnRequest]>(async () => 0),
    throttled: jest.fn<Promise<void>, [until: number, now: number]>(async () => undefined),
  };
  /** Passes on the way to the upstream and back. */
  latency: () => Promise<void> = () => Promise.resolve();

  constructor(quirks: Partial<FakeUpstreamQuirks> = {}) {
    this.upstream = new FakeUpstream({ clock: this.clock, latency: () => this.latency() }, quirks);
  }

  worker(owner: string): PollCycle {
    const nothing = () => undefined;
    const discarded: PollTelemetry['discarded'] = (reason) => this.discarded.push(reason);
    const telemetry = { polled: nothing, failed: nothing, quarantined: nothing, discarded };
    const { store, upstream, clock, quota } = this;
    const digest = (text: string) => text;
    const liveness = new MemoryUpstreamLiveness();
    const parts = { store, upstream, quota, liveness, clock, digest, telemetry, random: () => 0 };
    return new PollCycle(parts, { ...OPTIONS, lease: { ...LEASE, owner } });
  }

  async want(...caseIds: string[]): Promise<SetRef> {
    const now = this.clock.now();
    const [due] = await this.store.want(KEY, caseIds, now, now + INTEREST_MS, 'arrival');
    return due?.ref ?? { feed: KEY, id: 1 };
  }

  /** Lets time pass until the set is due, and polls it. */
  async pollWhenDue(worker: PollCycle, ref: SetRef, next: Next): Promise<Next> {
    if (next.kind !== 'again') {
      throw new Error(`expected another poll, found ${next.kind}`);
    }
    this.clock.advance(Math.max(0, next.at - this.clock.now()));
    return worker.run(ref);
  }

  async contents(caseId: string): Promise<unknown[]> {
    const want = { caseId, atLeast: 1000, after: null };
    const [history] = (await new MemoryBroker(this.store).history(KEY, [want], null)).tickets;
    return (history?.publications ?? []).map((one) =>
      one.kind === 'message' ? (JSON.parse(one.message) as { content: unknown }).content : `status ${one.status}`,
    );
  }
}

describe('PollCycle', () => {
  let scene: Scene;
  let worker: PollCycle;
  beforeEach(() => {
    scene = new Scene();
    worker = scene.worker('one');
  });

  it('polls a new set from the beginning, and from its cursor after that', async () => {
    scene.upstream.post('a', { content: 'old' }, { at: scene.clock.now() - 86_400_000 });
    const ref = await scene.want('a');
    const next = await worker.run(ref);
    scene.upstream.post('a', { content: 'new' });
    await scene.pollWhenDue(worker, ref, next);
    expect(await scene.contents('a')).toEqual(['old', 'new']);
    expect(scene.upstream.requests.map((request) => request.cursor)).toEqual([null, expect.stringMatching(/^\d{13}$/)]);
  });

  it('asks again at the next tick of its phase, at most an interval later', async () => {
    const next = await worker.run(await scene.want('a'));
    expect(next.kind).toBe('again');
    const wait = next.kind === 'again' ? next.at - scene.clock.now() : 0;
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(1001);
  });

  it('asks nothing of the upstream before a set is due', async () => {
    const ref = await scene.want('a');
    const next = await worker.run(ref);
    expect(await worker.run(ref)).toEqual(next);
    expect(scene.upstream.requests).toHaveLength(1);
  });

  it('polls tickets that were moved to it from the beginning, without the others, where cursors cannot be mixed', async () => {
    scene = new Scene({ form: 'opaque' });
    worker = scene.worker('worker');
    scene.upstream.post('b', { content: 'from long ago' }, { at: 1_000 });
    const first = await scene.want('a');
    await worker.run(first);
    const second = await scene.want('b');
    scene.clock.advance(OPTIONS.intervalMs);
    await worker.run(second);
    await scene.store.sweep(KEY, scene.clock.now());
    scene.upstream.requests.length = 0;
    for (const ref of [first, second]) {
      const next = await worker.run(ref);
      await (next.kind === 'gone' ? undefined : scene.pollWhenDue(worker, ref, next));
    }
    const [joined, all] = scene.upstream.requests;
    expect(joined).toMatchObject({ caseIds: [expect.stringMatching(/^[ab]$/)], cursor: null });
    expect([...(all?.caseIds ?? [])].sort()).toEqual(['a', 'b']);
    expect(await scene.contents('b')).toEqual(['from long ago']);
  });

  it('waits for its turn where the quota is used up, and leaves the set to others meanwhile', async () => {
    const ref = await scene.want('a');
    scene.quota.turn.mockResolvedValueOnce(300);
    const now = scene.clock.now();
    expect(await worker.run(ref)).toEqual({ kind: 'again', at: now + 300 });
    expect(scene.upstream.requests).toEqual([]);
    expect(scene.quota.turn.mock.calls).toEqual([[{ ref, rank: now, now }]]);
    await scene.worker('worker').run(ref);
    expect(scene.upstream.requests).toHaveLength(1);
  });

  it('knows by its digest an answer that brings nothing', async () => {
    const commits = jest.spyOn(scene.store, 'commit');
    scene.upstream.post('a', { content: 'x' });
    const ref = await scene.want('a');
    let next = await worker.run(ref);
    for (let count = 0; count < 3; count += 1) {
      next = await scene.pollWhenDue(worker, ref, next);
    }
    expect(commits.mock.calls.map(([commit]) => commit.entries.length)).toEqual([1, 1, 0, 0]);
    expect(await scene.contents('a')).toEqual(['x']);
  });

  it('commits a long answer in parts, and gives it in order', async () => {
    const commits = jest.spyOn(scene.store, 'commit');
    const many = Array.from({ length: 2 * COMMIT_MAX_ENTRIES + 1 }, (_, index) => index);
    many.forEach((content) =>
      scene.upstream.post('a', { content }, { at: scene.clock.now() - 10_000_000 + content * 1000 }),
    );
    await worker.run(await scene.want('a'));
    expect(commits.mock.calls.map(([commit]) => commit.entries.length)).toEqual([
      COMMIT_MAX_ENTRIES,
      COMMIT_MAX_ENTRIES,
      1,
    ]);
    expect(await scene.contents('a')).toEqual(many);
  });

  it('loses and doubles nothing when it dies between two parts', async () => {
    const many = Array.from({ length: COMMIT_MAX_ENTRIES + 5 }, (_, index) => index);
    many.forEach((content) =>
      scene.upstream.post('a', { content }, { at: scene.clock.now() - 10_000_000 + content * 1000 }),
    );
    const commit = scene.store.commit.bind(scene.store);
    const killed = () => Promise.reject(new Error('killed'));
    jest.spyOn(scene.store, 'commit').mockImplementationOnce(commit).mockImplementationOnce(killed);
    const ref = await scene.want('a');
    await expect(worker.run(ref)).rejects.toThrow('killed');
    scene.clock.advance(LEASE.leaseMs);
    await scene.worker('worker').run(ref);
    expect(await scene.contents('a')).toEqual(many);
  });

  describe('of two workers', () => {
    it('only one asks the upstream', async () => {
      const ref = await scene.want('a');
      const [, second] = await Promise.all([worker.run(ref), scene.worker('worker').run(ref)]);
      expect(second).toEqual({ kind: 'again', at: scene.clock.now() + LEASE.leaseMs });
      expect(scene.upstream.requests).toHaveLength(1);
      expect(scene.discarded).toEqual(['busy']);
    });

    it('the one that was held up for too long discards its result', async () => {
      const ref = await scene.want('a');
      scene.upstream.post('a', { content: 'x' });
      let release = () => {};
      const held = new Promise<void>((resolve) => (release = resolve));
      scene.latency = () => held;
      const slow = worker.run(ref);
      await new Promise((resolve) => setImmediate(resolve)); // It has asked by now.
      scene.latency = () => Promise.resolve();
      scene.clock.advance(LEASE.leaseMs);
      await scene.worker('worker').run(ref);
      release();
      await slow;
      expect(scene.discarded).toEqual(['conflict']);
      expect(await scene.contents('a')).toEqual(['x']);
    });
  });

  it('does not ask when it stood still for so long that the set may be another’s', async () => {
    const ref = await scene.want('a');
    const begin = scene.store.begin.bind(scene.store);
    jest.spyOn(scene.store, 'begin').mockImplementationOnce(async (...args) => {
      const begun = await begin(...args);
      scene.clock.advance(LEASE.sendWithinMs + 1);
      return begun;
    });
    expect(await worker.run(ref)).toEqual({ kind: 'again', at: scene.clock.now() });
    expect(scene.upstream.requests).toEqual([]);
  });

  it('does not ask for a set that it reserved when what was left of the hold went by while it waited', async () => {
    const ref = await scene.want('a');
    const polled = await scene.pollWhenDue(worker, ref, await worker.run(ref));
    scene.quota.turn.mockImplementationOnce(async () => {
      scene.clock.advance(LEASE.sendWithinMs - 100);
      return 0;
    });
    const asked = scene.upstream.requests.length;
    scene.clock.advance((polled.kind === 'again' ? polled.at : 0) + 200 - scene.clock.now());
    expect(await worker.run(ref)).toEqual({ kind: 'again', at: scene.clock.now() });
    expect(scene.upstream.requests).toHaveLength(asked);
    expect((await worker.run(ref)).kind).toBe('again');
    expect(scene.upstream.requests).toHaveLength(asked + 1);
  });

  it('asks once where its process was given the job of a set twice', async () => {
    const ref = await scene.want('a');
    const [, second] = await Promise.all([worker.run(ref), worker.run(ref)]);
    expect(second).toEqual({ kind: 'again', at: scene.clock.now() + OPTIONS.intervalMs });
    expect(scene.upstream.requests).toHaveLength(1);
    expect(scene.discarded).toEqual(['busy']);
  });

  it('polls a reserved set without asking the store, and reads it anew when it changed', async () => {
    const begins = jest.spyOn(scene.store, 'begin');
    const ref = await scene.want('a');
    let next = await scene.pollWhenDue(worker, ref, await worker.run(ref));
    begins.mockClear();
    next = await scene.pollWhenDue(worker, ref, next);
    expect(begins).not.toHaveBeenCalled();
    worker.changed(ref);
    await scene.pollWhenDue(worker, ref, next);
    expect(begins).toHaveBeenCalledTimes(1);
    expect(scene.upstream.requests).toHaveLength(4);
  });

  it.each(['as it was', 'after it changed'])('lets others have a set that it releases, %s', async (how) => {
    const ref = await scene.want('a');
    const next = await scene.pollWhenDue(worker, ref, await worker.run(ref));
    const other = scene.worker('other');
    if (how === 'after it changed') {
      worker.changed(ref);
    }
    expect(await other.run(ref)).toMatchObject({ at: (next.kind === 'again' ? next.at : 0) + LEASE.leaseMs });
    await worker.release(ref);
    expect(await other.run(ref)).toEqual(next);
  });

  it('polls again at once, under its own lease, when the store was out of reach for its commit', async () => {
    const ref = await scene.want('a');
    scene.upstream.post('a', { content: 'x' }, { at: scene.clock.now() - 1000 });
    jest.spyOn(scene.store, 'commit').mockRejectedValueOnce(new Error('out of reach'));
    await expect(worker.run(ref)).rejects.toThrow('out of reach');
    expect(await scene.worker('other').run(ref)).toEqual({ kind: 'again', at: scene.clock.now() + LEASE.leaseMs });
    expect((await worker.run(ref)).kind).toBe('again');
    expect(await scene.contents('a')).toEqual(['x']);
  });

  it('lets a set go that nobody wants any more', async () => {
    const ref = await scene.want('a');
    scene.clock.advance(INTEREST_MS);
    await scene.store.sweep(KEY, scene.clock.now());
    expect(await worker.run(ref)).toEqual({ kind: 'gone' });
    expect(scene.upstream.requests).toEqual([]);
  });

  describe('a failed poll', () => {
    it('leaves the cursor where it is, and is tried again with growing patience', async () => {
      const ref = await scene.want('a');
      const before = await worker.run(ref);
      scene.upstream.failNext(new UpstreamFailure('timeout', 'x'), new UpstreamFailure('malformed', 'x'));
      const first = await scene.pollWhenDue(worker, ref, before);
      expect(first).toEqual({ kind: 'again', at: scene.clock.now() + 1063 });
      const second = await scene.pollWhenDue(worker, ref, first);
      expect(second).toEqual({ kind: 'again', at: scene.clock.now() + 1125 });
      scene.upstream.post('a', { content: 'x' }, { at: scene.clock.now() - 1000 });
      await scene.pollWhenDue(worker, ref, second);
      const cursors = scene.upstream.requests.slice(1).map((request) => request.cursor);
      expect(new Set(cursors).size).toBe(1);
      expect(await scene.contents('a')).toEqual(['x']);
    });

    it('stops the whole account when it is throttled, for as long as the upstream says', async () => {
      const ref = await scene.want('a');
      scene.upstream.failNext(new UpstreamFailure('throttled', 'x', 30_000));
      const until = scene.clock.now() + 30_000;
      const paused = await worker.run(ref);
      expect(paused).toEqual({ kind: 'again', at: until });
      scene.clock.advance(30_000);
      scene.upstream.failNext(new UpstreamFailure('throttled', 'x'));
      expect(await worker.run(ref)).toMatchObject({ kind: 'again', at: until + 2000 });
      expect(scene.quota.throttled.mock.calls.map(([end]) => end)).toEqual([until, until + 2000]);
    });

    it('passes an error on that is not the upstream’s', async () => {
      const ref = await scene.want('a');
      jest.spyOn(scene.upstream, 'poll').mockRejectedValueOnce(new TypeError('a mistake'));
      await expect(worker.run(ref)).rejects.toThrow('a mistake');
    });
  });

  describe('looking back', () => {
    /** Polls every second, so that there are cursors to look back by, and returns at the last poll. */
    async function pollFor(polls: number, ref: SetRef): Promise<Next> {
      let next = await worker.run(ref);
      for (let count = 0; count < polls; count += 1) {
        next = await scene.pollWhenDue(worker, ref, next);
      }
      return next;
    }

    it.each(['milliseconds', 'nineteen_digits', 'opaque'] as const)(
      'finds what becomes visible late (%s)',
      async (form) => {
        scene = new Scene({ form });
        worker = scene.worker('worker');
        const ref = await scene.want('a');
        let next = await pollFor(6, ref);
        const at = scene.clock.now() - 1;
        scene.upstream.post('a', { content: 'late' }, { at, visibleAt: at + OPTIONS.overlapMs });
        for (let polls = 0; polls < 3; polls += 1) {
          next = await scene.pollWhenDue(worker, ref, next);
        }
        expect(await scene.contents('a')).toEqual(['late']);
        // From the beginning only while no cursor was old enough.
        const fromTheBeginning = scene.upstream.requests.filter((request) => request.cursor === null).length;
        expect(fromTheBeginning).toBeLessThanOrEqual(5);
      },
    );

    it('keeps both of two equal messages of one second on one side of the window', async () => {
      const ref = await scene.want('a');
      // Dense polls, whatever the pace: a cursor is taken between the two.
      let next = await pollFor(6, ref);
      const second = Math.ceil(scene.clock.now() / 1000) * 1000 + 5000;
      while (next.kind === 'again' && next.at < second) {
        next = await scene.pollWhenDue(worker, ref, next);
      }
      const due = next.kind === 'again' ? next.at : 0;
      // One just before that poll, its twin just after it and within the same second, visible as late as can be.
      const [before, after] = [due - 1, due + 1];
      expect(Math.floor(before / 1000)).toBe(Math.floor(after / 1000));
      scene.upstream.post('a', { content: 'twin' }, { at: before });
      scene.upstream.post('a', { content: 'twin' }, { at: after, visibleAt: after + OPTIONS.overlapMs });
      for (let polls = 0; polls < 6; polls += 1) {
        next = await scene.pollWhenDue(worker, ref, next);
      }
      expect(await scene.contents('a')).toEqual(['twin', 'twin']);
    });

    it('counts from when a poll was sent, not from when it was answered', async () => {
      const ref = await scene.want('a');
      let next = await pollFor(6, ref);
      const passing = [0, 4000];
      scene.latency = async () => scene.clock.advance(passing.shift() ?? 0);
      const sentAt = next.kind === 'again' ? next.at : 0;
      // Visible only after this poll was read, and before it is answered.
      scene.upstream.post('a', { content: 'late' }, { at: sentAt + 1 - OPTIONS.overlapMs, visibleAt: sentAt + 1 });
      next = await scene.pollWhenDue(worker, ref, next);
      expect(await scene.contents('a')).toEqual([]);
      await scene.pollWhenDue(worker, ref, next);
      expect(await scene.contents('a')).toEqual(['late']);
    });
  });
});
