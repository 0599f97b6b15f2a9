import { PollScene } from '#testing';
import { UpstreamFailure } from '../model/upstream-failure.js';
import type { SetRef } from '../model/set-ref.js';
import type { Next, PollCycle } from './poll-cycle.js';

const REQUEST_MS = 30;

describe('what a PollCycle counts', () => {
  let scene: PollScene;
  let worker: PollCycle;
  beforeEach(() => setUp(new PollScene()));

  function setUp(fresh: PollScene): void {
    scene = fresh;
    worker = scene.worker('one');
    scene.latency = async () => scene.clock.advance(REQUEST_MS / 2);
  }

  /** Runs a set while it is due at once. */
  async function runOut(ref: SetRef): Promise<Next> {
    let next = await worker.run(ref);
    while (next.kind === 'again' && next.at <= scene.clock.now()) {
      next = await worker.run(ref);
    }
    return next;
  }

  it('counts the backfill of new tickets, and what it published', async () => {
    scene.upstream.post('a', { content: '1' });
    scene.upstream.post('b', { content: '2' });
    scene.upstream.setStatus('b', 1);
    const ref = await scene.want('a', 'b');
    scene.clock.advance(40);
    await worker.run(ref);
    expect(scene.telemetry.polls).toEqual([{ lagMs: 40, upstreamMs: REQUEST_MS, published: 3 }]);
  });

  it('counts the wait for a connection as lag, and not as the upstream’s time', async () => {
    const ref = await scene.want('a');
    const { upstream } = scene;
    const poll = upstream.poll.bind(upstream);
    jest.spyOn(upstream, 'poll').mockImplementation(async (request) => {
      scene.clock.advance(3000);
      return { ...(await poll(request)), waitedMs: 3000 };
    });
    await worker.run(ref);
    expect(scene.telemetry.polls).toMatchObject([{ lagMs: 3000, upstreamMs: REQUEST_MS }]);
  });

  it('counts the time that the store takes for the commit', async () => {
    const commit = scene.store.commit.bind(scene.store);
    jest.spyOn(scene.store, 'commit').mockImplementationOnce(async (given) => {
      scene.clock.advance(7);
      return commit(given);
    });
    const polled = jest.spyOn(scene.telemetry, 'polled');
    await worker.run(await scene.want('a'));
    expect(polled).toHaveBeenCalledWith(expect.objectContaining({ commitMs: 7 }));
  });

  it('counts polls of members, with and without news', async () => {
    const ref = await scene.want('a');
    let next = await worker.run(ref);
    scene.telemetry.polls.length = 0;
    scene.upstream.post('a', { content: '1' });
    next = await scene.pollWhenDue(worker, ref, next);
    await scene.pollWhenDue(worker, ref, next);
    const poll = { lagMs: 0, upstreamMs: REQUEST_MS };
    expect(scene.telemetry.polls).toEqual([
      { ...poll, published: 1 },
      { ...poll, published: 0 },
    ]);
  });

  it('counts a result that is committed in parts as one poll, with all that it published', async () => {
    for (let at = 0; at < 450; at += 1) {
      scene.upstream.post('a', { content: `${at}` });
    }
    await worker.run(await scene.want('a'));
    expect(scene.telemetry.polls).toMatchObject([{ published: 450 }]);
  });

  it('counts the backfill of tickets that were moved to a set, without a lag: it had no due time', async () => {
    setUp(new PollScene({ form: 'opaque' }));
    const first = await scene.want('a');
    await worker.run(first);
    const second = await scene.want('b');
    scene.clock.advance(PollScene.OPTIONS.intervalMs);
    await worker.run(second);
    await scene.store.sweep(scene.feed, scene.clock.now());
    scene.telemetry.polls.length = 0;
    scene.upstream.post('a', { content: '1' });
    scene.upstream.post('b', { content: '2' });
    await worker.run(first);
    await worker.run(second);
    expect(scene.telemetry.polls).toContainEqual({ lagMs: null, upstreamMs: REQUEST_MS, published: 1 });
  });

  it('counts the answered steps of a bisection, and what they published; the refused ones are failures', async () => {
    const caseIds = ['a', 'b', 'c', 'd'];
    const ref = await scene.want(...caseIds);
    const next = await worker.run(ref);
    scene.telemetry.polls.length = 0;
    scene.upstream.requests.length = 0;
    caseIds.forEach((caseId) => scene.upstream.post(caseId, { content: 'news' }));
    scene.upstream.refuse('b');
    scene.clock.advance(next.kind === 'again' ? next.at - scene.clock.now() : 0);
    await runOut(ref);

    const { polls, failures, quarantines } = scene.telemetry;
    expect(quarantines).toBe(1);
    const refused = scene.upstream.requests.filter(({ caseIds: asked }) => asked.includes('b')).length;
    const answered = scene.upstream.requests.length - refused;
    expect([failures.length, polls.length]).toEqual([refused, answered]);
    expect(new Set(failures)).toEqual(new Set(['refused']));
    expect(polls.reduce((sum, { published }) => sum + published, 0)).toBe(3);
    // Steps have no due time. The poll of the remaining tickets has one.
    const steps = polls.slice(0, -1);
    expect(steps.length).toBeGreaterThan(0);
    expect(new Set(steps.map(({ lagMs }) => lagMs))).toEqual(new Set([null]));
    expect(polls.at(-1)?.lagMs).toBeGreaterThanOrEqual(0);
  });

  it('counts a poll that brought no answer by the code of the failure, and not as a poll', async () => {
    const ref = await scene.want('a');
    scene.upstream.failNext(new UpstreamFailure('timeout', 'x'), new UpstreamFailure('malformed', 'x'));
    await scene.pollWhenDue(worker, ref, await worker.run(ref));
    expect(scene.telemetry.failures).toEqual(['timeout', 'malformed']);
    expect(scene.telemetry.polls).toEqual([]);
  });

  it('counts a result that was discarded, and not as a poll', async () => {
    const ref = await scene.want('a');
    jest.spyOn(scene.store, 'commit').mockResolvedValueOnce({ kind: 'conflict' });
    const again = await worker.run(ref);
    expect(again).toMatchObject({ kind: 'again' });
    expect(again.kind === 'again' && again.at).toBeGreaterThan(scene.clock.now());
    expect(again.kind === 'again' && again.at).toBeLessThanOrEqual(scene.clock.now() + 1000);
    jest.spyOn(scene.store, 'commit').mockResolvedValueOnce({ kind: 'gone' });
    scene.clock.advance(PollScene.LEASE.leaseMs);
    expect(await worker.run(ref)).toEqual({ kind: 'gone' });
    jest.spyOn(scene.store, 'begin').mockResolvedValueOnce({ kind: 'gone' });
    expect(await worker.run(ref)).toEqual({ kind: 'gone' });
    expect(scene.telemetry.discards).toEqual(['conflict', 'gone', 'gone']);
    expect(scene.telemetry.polls).toEqual([]);
  });
});
