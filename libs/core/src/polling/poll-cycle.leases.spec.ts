import { MemoryUpstreamLiveness, PollScene } from '#testing';
import type { PollCycle } from './poll-cycle.js';

const { LEASE, OPTIONS } = PollScene;

describe('PollCycle, under leases', () => {
  let scene: PollScene;
  let worker: PollCycle;
  beforeEach(() => {
    scene = new PollScene();
    worker = scene.worker('one');
  });

  describe('of two workers', () => {
    it('only one sends a request', async () => {
      const ref = await scene.want('a');
      const [, second] = await Promise.all([worker.run(ref), scene.worker('worker').run(ref)]);
      expect(second).toEqual({ kind: 'again', at: scene.clock.now() + LEASE.leaseMs, isTaken: true });
      expect(scene.upstream.requests).toHaveLength(1);
      expect(scene.telemetry.discards).toEqual(['busy']);
    });

    it('the one that stood still for too long discards its result', async () => {
      const ref = await scene.want('a');
      scene.upstream.post('a', { content: 'x' });
      let release = () => {};
      const held = new Promise<void>((resolve) => (release = resolve));
      scene.latency = () => held;
      const slow = worker.run(ref);
      await new Promise((resolve) => setImmediate(resolve)); // The request is sent by now.
      scene.latency = () => Promise.resolve();
      scene.clock.advance(LEASE.leaseMs);
      await scene.worker('worker').run(ref);
      release();
      await slow;
      expect(scene.telemetry.discards).toEqual(['conflict']);
      expect(await scene.contents('a')).toEqual(['x']);
    });
  });

  it('sends no request after it stood still for so long that another worker may have the set', async () => {
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

  it('sends a request at the last moment at which its lease outlasts it', async () => {
    scene.quota.turn.mockImplementationOnce(async () => {
      scene.clock.advance(LEASE.sendWithinMs);
      return 0;
    });
    await worker.run(await scene.want('a'));
    expect(scene.upstream.requests).toHaveLength(1);
  });

  it('keeps the lease of a set that is released while its request is in flight', async () => {
    const ref = await scene.want('a');
    const next = await scene.pollWhenDue(worker, ref, await worker.run(ref));
    let answer = () => {};
    const held = new Promise<void>((resolve) => (answer = resolve));
    scene.latency = () => held;
    const polled = scene.pollWhenDue(worker, ref, next);
    await worker.release(ref);
    expect(await scene.worker('other').run(ref)).toMatchObject({ isTaken: true });
    answer();
    await polled;
    expect(scene.upstream.maxOverlap).toBe(1);
  });

  it('sends no request for a reserved set if its lease became too short during the wait', async () => {
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

  it('sends one request if its process got the job of a set twice', async () => {
    const ref = await scene.want('a');
    const [, second] = await Promise.all([worker.run(ref), worker.run(ref)]);
    expect(second).toEqual({ kind: 'again', at: scene.clock.now() + OPTIONS.intervalMs, isTaken: true });
    expect(scene.upstream.requests).toHaveLength(1);
    expect(scene.telemetry.discards).toEqual(['busy']);
  });

  it.each([
    { tooEarlyMs: 20, polls: 2 },
    { tooEarlyMs: 21, polls: 1 },
  ])('polls a set $tooEarlyMs ms early, or when it is due, but not twice', async ({ tooEarlyMs, polls }) => {
    const ref = await scene.want('a');
    const next = await worker.run(ref);
    const dueAt = next.kind === 'again' ? next.at : 0;
    scene.clock.advance(dueAt - tooEarlyMs - scene.clock.now());
    const after = await worker.run(ref);
    expect(scene.upstream.requests).toHaveLength(polls);
    expect(after).toEqual({ kind: 'again', at: polls === 2 ? dueAt + PollScene.OPTIONS.intervalMs : dueAt });
  });

  it('polls a reserved set without a call to the store, and reads it again when it changed', async () => {
    const begins = jest.spyOn(scene.store, 'begin');
    const ref = await scene.want('a');
    let next = await scene.pollWhenDue(worker, ref, await worker.run(ref));
    begins.mockClear();
    const newest = jest.spyOn(MemoryUpstreamLiveness.prototype, 'newest').mockClear();
    next = await scene.pollWhenDue(worker, ref, next);
    expect(begins).not.toHaveBeenCalled();
    expect(newest).not.toHaveBeenCalled(); // Only a bisection needs to know it.
    worker.changed(ref);
    await scene.pollWhenDue(worker, ref, next);
    expect(begins).toHaveBeenCalledTimes(1);
    expect(scene.upstream.requests).toHaveLength(4);
  });

  it('reads a set again if tickets joined it during a poll', async () => {
    const ref = await scene.want('a');
    const next = await worker.run(ref);
    const commit = scene.store.commit.bind(scene.store);
    jest.spyOn(scene.store, 'commit').mockImplementationOnce(async (...args) => {
      return { ...(await commit(...args)), joining: true } as Awaited<ReturnType<typeof commit>>;
    });
    expect(await scene.pollWhenDue(worker, ref, next)).toEqual({ kind: 'again', at: scene.clock.now() });
    const begins = jest.spyOn(scene.store, 'begin');
    await worker.run(ref);
    expect(begins).toHaveBeenCalledTimes(1);
  });

  it.each(['as it was', 'after it changed'])('leaves a set that it releases to other workers, %s', async (how) => {
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
    expect(await scene.worker('other').run(ref)).toEqual({
      kind: 'again',
      at: scene.clock.now() + LEASE.leaseMs,
      isTaken: true,
    });
    expect((await worker.run(ref)).kind).toBe('again');
    expect(await scene.contents('a')).toEqual(['x']);
  });
});
