import { FakeUpstream, ManualClock, MemoryUpstreamLiveness, MemoryBroker, MemoryStore } from '#testing';
import { UpstreamFailure } from '../model/upstream-failure.js';
import { feedKey } from '../model/feed.js';
import { PollCycle, type Next } from './poll-cycle.js';
import { QUARANTINE_FIRST_MS } from './bisection.js';
import type { SetRef } from '../model/set-ref.js';

const KEY = feedKey({ language: 'en-us' });
const OPTIONS = { intervalMs: 1000, intervalMaxMs: 1000, overlapMs: 2000 };
const LEASE = { leaseMs: 7000, sendWithinMs: 1000 };
const STEPS = Math.ceil(Math.log2(100));
const TICKETS = Array.from({ length: 100 }, (_, index) => `t${index}`);

/** Random numbers that are the same in each run. */
class RepeatedRandom {
  private last = 1;
  readonly next = () => (this.last = (this.last * 48_271) % 2_147_483_647) / 2_147_483_647;
}

class Scene {
  readonly clock = new ManualClock();
  readonly store = new MemoryStore({ clock: this.clock, maxCaseIds: 100, historyMax: 100, intervalMs: 1000 });
  /** If it is set, each request waits for it. */
  gate: Promise<void> | undefined;
  readonly upstream = new FakeUpstream({ clock: this.clock, latency: () => this.gate ?? Promise.resolve() });
  found = 0;
  /** The states of the feed that clients were told. */
  readonly told: string[] = [];
  private readonly cycle: PollCycle;
  /** The poll cycle of another worker. */
  private readonly other: PollCycle;

  constructor() {
    const nothing = () => undefined;
    this.store.connect({
      published: nothing,
      upstreamChanged: (_, { state }) => this.told.push(state),
      quarantineChanged: nothing,
    });
    const telemetry = {
      polled: nothing,
      failed: nothing,
      discarded: nothing,
      quarantined: () => void (this.found += 1),
      cursorRefused: nothing,
    };
    const quota = { turn: async () => 0, throttled: async () => undefined };
    const { store, upstream, clock } = this;
    const digest = (text: string) => text;
    const liveness = new MemoryUpstreamLiveness();
    const parts = { store, upstream, quota, liveness, clock, digest, telemetry, random: new RepeatedRandom().next };
    this.cycle = new PollCycle(parts, { ...OPTIONS, lease: { ...LEASE, owner: 'worker' } });
    this.other = new PollCycle(parts, { ...OPTIONS, lease: { ...LEASE, owner: 'other' } });
  }

  run(ref: SetRef): Promise<Next> {
    return this.cycle.run(ref);
  }

  runElsewhere(ref: SetRef): Promise<Next> {
    return this.other.run(ref);
  }

  async want(...caseIds: string[]): Promise<SetRef> {
    const [set] = await this.store.want(KEY, caseIds, this.clock.now(), this.clock.now() + 1e9, 'arrival');
    return set?.ref ?? { feed: KEY, id: 1 };
  }

  /** Runs a set while it is due at once. @returns when it is due next, ms since 1970 */
  async runOut(ref: SetRef): Promise<number> {
    for (;;) {
      const next = await this.run(ref);
      if (next.kind !== 'again') {
        return Number.POSITIVE_INFINITY;
      }
      if (next.at > this.clock.now()) {
        return next.at;
      }
    }
  }

  async contents(caseId: string): Promise<string[]> {
    const want = { caseId, atLeast: 100, after: null };
    const { tickets } = await new MemoryBroker(this.store).history(KEY, [want], null);
    return (tickets[0]?.publications ?? []).map((one) => (one.kind === 'message' ? one.message : 'status'));
  }

  async quarantined(): Promise<readonly string[]> {
    return this.store.historyOf(
      KEY,
      TICKETS.map((caseId) => ({ caseId, atLeast: 0, after: null })),
      null,
    ).quarantined;
  }
}

describe('PollCycle with a refused ticket among a hundred', () => {
  let scene: Scene;
  let ref: SetRef;
  beforeEach(async () => {
    scene = new Scene();
    ref = await scene.want(...TICKETS);
  });

  it.each(['t0', 't1', 't42', 't50', 't99'].flatMap((bad) => [[bad, 'refused'] as const, [bad, 'doubted'] as const]))(
    'finds it (%s, %s) within the tick, polls the others, and calls nothing degraded',
    async (bad, as) => {
      scene.clock.advance((await scene.runOut(ref)) - scene.clock.now());
      const before = scene.upstream.requests.length;
      TICKETS.forEach((caseId) => scene.upstream.post(caseId, { content: 'news' }, { at: scene.clock.now() - 500 }));
      scene.upstream.refuse(bad, as);
      const next = await scene.runOut(ref);
      // The refused poll, the steps of the bisection, three requests as a proof, and the poll of the others.
      const withoutCursor = as === 'doubted' ? 1 : 0;
      expect(scene.upstream.requests.length - before).toBeLessThanOrEqual(1 + withoutCursor + STEPS + 3 + 1);
      expect(await scene.quarantined()).toEqual([bad]);
      expect(next - scene.clock.now()).toBeLessThanOrEqual(OPTIONS.intervalMs);
      for (const caseId of TICKETS) {
        expect(await scene.contents(caseId)).toHaveLength(caseId === bad ? 0 : 1);
      }
      expect(scene.told).toEqual([]);
      expect(scene.found).toBe(1);
      expect(scene.upstream.maxOverlap).toBe(1);
    },
  );

  it('blames no other ticket if everything is refused for a while in the middle of a bisection', async () => {
    scene.clock.advance((await scene.runOut(ref)) - scene.clock.now());
    scene.upstream.refuse('t42');
    for (let step = 0; step < 3; step += 1) {
      await scene.run(ref);
    }
    scene.upstream.failNext(...Array.from({ length: 12 }, () => new UpstreamFailure('doubted', 'for whatever reason')));
    for (let rounds = 0; rounds < 20; rounds += 1) {
      scene.clock.advance(Math.max(0, (await scene.runOut(ref)) - scene.clock.now()));
    }
    expect(await scene.quarantined()).toEqual(['t42']);
  });

  it.each(['refused', 'doubted'] as const)('finds several (%s), within seconds', async (as) => {
    const bad = ['t0', 't33', 't34', 't99'];
    bad.forEach((caseId) => scene.upstream.refuse(caseId, as));
    for (let rounds = 0; rounds < 10 && (await scene.quarantined()).length < bad.length; rounds += 1) {
      scene.clock.advance(Math.max(0, (await scene.runOut(ref)) - scene.clock.now()));
    }
    expect([...(await scene.quarantined())].sort()).toEqual(bad);
  });

  it.each(['refused', 'doubted'] as const)(
    'blames nobody where all are %s, hurries no further, and says so',
    async (as) => {
      TICKETS.forEach((caseId) => scene.upstream.refuse(caseId, as));
      const times = [];
      for (let rounds = 0; rounds < 30; rounds += 1) {
        const next = await scene.runOut(ref);
        times.push(next - scene.clock.now());
        scene.clock.advance(next - scene.clock.now());
      }
      expect(await scene.quarantined()).toEqual([]);
      expect(Math.min(...times)).toBeGreaterThanOrEqual(OPTIONS.intervalMs);
      expect(scene.upstream.requests.length).toBeLessThanOrEqual(30 + STEPS + 3 + 1);
      expect(scene.told).toEqual(['degraded']);
    },
  );

  it('blames them one after the other while the upstream answers for another set', async () => {
    TICKETS.forEach((caseId) => scene.upstream.refuse(caseId));
    const other = (
      await scene.store.want(feedKey({ language: 'de-de' }), ['fine'], scene.clock.now(), 1e15, 'arrival')
    )[0];
    for (let rounds = 0; rounds < 12; rounds += 1) {
      await scene.runOut(ref);
      scene.clock.advance(1.5 * OPTIONS.intervalMs);
      await scene.runOut(other?.ref ?? ref);
      scene.clock.advance(10);
    }
    expect((await scene.quarantined()).length).toBeGreaterThanOrEqual(4);
    expect(scene.told).toEqual(['degraded']);
  });

  it('quarantines a malformed ticket that is alone in its set, once the upstream has answered for others', async () => {
    await scene.runOut(ref);
    const alone = await scene.want('alone');
    scene.upstream.refuse('alone', 'doubted');
    scene.clock.advance(OPTIONS.intervalMs);
    expect(await scene.runOut(alone)).toBeGreaterThan(scene.clock.now());
    scene.clock.advance(1.5 * OPTIONS.intervalMs);
    await scene.runOut(ref);
    await scene.runOut(alone);
    expect(scene.found).toBe(1);
    expect(scene.told).toEqual([]);
  });

  it('quarantines it as well if all other sets are polled by another worker', async () => {
    await scene.runElsewhere(ref);
    const alone = await scene.want('alone');
    scene.upstream.refuse('alone', 'doubted');
    scene.clock.advance(OPTIONS.intervalMs);
    await scene.runOut(alone);
    scene.clock.advance(1.5 * OPTIONS.intervalMs);
    await scene.runElsewhere(ref);
    await scene.runOut(alone);
    expect(scene.found).toBe(1);
    expect(scene.told).toEqual([]);
  });

  it('does not accept a late answer to another set as a proof against a ticket that is alone in its set', async () => {
    await scene.runOut(ref);
    const alone = await scene.want('alone');
    scene.clock.advance(OPTIONS.intervalMs * 1.5);
    let answer = () => undefined as void;
    scene.gate = new Promise((resolve) => (answer = resolve));
    const sent = scene.upstream.requests.length;
    const others = scene.run(ref);
    while (scene.upstream.requests.length === sent) {
      await Promise.resolve();
    }
    scene.gate = undefined;
    scene.clock.advance(5);
    scene.upstream.refuse('alone', 'doubted'); // From now on the upstream refuses everything.
    await scene.runOut(alone);
    scene.clock.advance(5);
    answer();
    await others;
    for (let rounds = 0; rounds < 3; rounds += 1) {
      scene.clock.advance(2 * OPTIONS.intervalMs);
      await scene.runOut(alone);
    }
    expect(scene.found).toBe(0);
  });

  it('polls the steps with the cursor of the set, and does not move it', async () => {
    scene.clock.advance((await scene.runOut(ref)) - scene.clock.now());
    const before = scene.upstream.requests.length;
    scene.upstream.refuse('t60');
    await scene.runOut(ref);
    const cursors = scene.upstream.requests.slice(before).map((request) => request.cursor);
    expect(new Set(cursors)).toEqual(new Set([expect.any(String)]));
    expect(new Set(cursors).size).toBe(1);
  });

  it('knows the answer to a step by no digest: the digest is of the answer for all tickets', async () => {
    for (let polls = 0; polls < 3; polls += 1) {
      scene.clock.advance((await scene.runOut(ref)) - scene.clock.now());
    }
    expect(scene.upstream.requests.at(-1)?.knownDigest).toEqual(expect.any(String));
    const before = scene.upstream.requests.length;
    scene.upstream.refuse('t60');
    await scene.runOut(ref);
    const some = scene.upstream.requests.slice(before).filter(({ caseIds }) => caseIds.length < TICKETS.length - 1);
    expect(some.length).toBeGreaterThan(STEPS - 2);
    expect(new Set(some.map(({ knownDigest }) => knownDigest))).toEqual(new Set([null]));
  });

  it('says of each ticket once that its first poll was answered', async () => {
    const commits = jest.spyOn(scene.store, 'commit');
    scene.clock.advance((await scene.runOut(ref)) - scene.clock.now());
    scene.upstream.refuse('t60');
    await scene.runOut(ref);
    expect(scene.found).toBe(1);
    expect(commits.mock.calls.flatMap(([{ backfilled }]) => backfilled)).toEqual(TICKETS);
  });

  it('finds it among joining tickets, too', async () => {
    TICKETS.forEach((caseId) => scene.upstream.post(caseId, { content: 'old' }, { at: 1000 }));
    scene.upstream.refuse('t7');
    await scene.runOut(ref);
    expect(await scene.quarantined()).toEqual(['t7']);
    expect(scene.upstream.requests.length).toBeLessThanOrEqual(1 + STEPS + 3 + 1);
    expect(await scene.contents('t99')).toHaveLength(1);
    expect(await scene.contents('t7')).toEqual([]);
  });

  it('polls it alone after its quarantine, and delivers all that was said meanwhile', async () => {
    scene.upstream.refuse('t7');
    await scene.runOut(ref);
    scene.upstream.post('t7', { content: 'meanwhile' });
    scene.clock.advance(QUARANTINE_FIRST_MS);
    await scene.store.sweep(KEY, scene.clock.now());
    scene.upstream.allow('t7');
    const before = scene.upstream.requests.length;
    const sets = await scene.store.overdue(KEY, scene.clock.now() + 1);
    const [back] = sets.filter(({ id }) => id !== ref.id);
    await scene.runOut(back ?? ref);
    expect(scene.upstream.requests.slice(before).map((request) => request.caseIds)).toEqual([['t7']]);
    expect(await scene.contents('t7')).toHaveLength(1);
    expect(await scene.quarantined()).toEqual([]);
  });
});
