import { PollScene } from '#testing';
import { UpstreamFailure } from '../model/upstream-failure.js';
import type { SetRef } from '../model/set-ref.js';
import type { PollCycle } from './poll-cycle.js';

describe('PollCycle with tickets that the upstream may not know', () => {
  let scene: PollScene;
  let worker: PollCycle;
  beforeEach(() => {
    scene = new PollScene();
    worker = scene.worker('one');
  });

  it('says of its request for a turn whether the upstream may not know the tickets', async () => {
    const asked = () => scene.quota.turn.mock.lastCall?.[0].isUnknown;
    await worker.run(await scene.want('known'));
    expect(asked()).toBe(true); // Nothing is known of the whole feed.
    scene.clock.advance(1000);
    const ref = await scene.want('a', 'b', 'c', 'd');
    scene.upstream.refuse('b');
    let next = await worker.run(ref);
    expect(asked()).toBe(false); // Until its first answer, a ticket is as good as any other.
    for (let step = 0; scene.telemetry.quarantines === 0 && step < 20; step += 1) {
      next = await scene.pollWhenDue(worker, ref, next);
      expect(asked()).toBe(true);
    }
    // Nothing was shown of the others, either.
    next = await scene.pollWhenDue(worker, ref, next);
    expect(asked()).toBe(true);
    scene.upstream.setStatus('a', 1);
    next = await scene.pollWhenDue(worker, ref, next);
    await scene.pollWhenDue(worker, ref, next);
    expect(asked()).toBe(false);
  });

  it('says so of new tickets that the upstream never answers for, too', async () => {
    await worker.run(await scene.want('known'));
    scene.clock.advance(1000);
    const ref = await scene.want('a', 'b');
    scene.upstream.failNext(new UpstreamFailure('timeout', 'no answer'));
    scene.quota.turn.mockClear();
    const next = await worker.run(ref);
    await scene.pollWhenDue(worker, ref, next);
    expect(scene.quota.turn.mock.calls.map(([{ isUnknown }]) => isUnknown)).toEqual([false, true]);
  });
  it('says so of a reserved set until something is published', async () => {
    const ref = await scene.want('a');
    let next = await worker.run(ref);
    const begins = jest.spyOn(scene.store, 'begin');
    for (let polls = 0; polls < 4; polls += 1) {
      if (polls === 2) scene.upstream.setStatus('a', 1);
      next = await scene.pollWhenDue(worker, ref, next);
    }
    expect(scene.quota.turn.mock.calls.map(([{ isUnknown }]) => isUnknown)).toEqual([true, true, true, true, false]);
    expect(begins).toHaveBeenCalledTimes(1);
  });

  it('does not say so of tickets that join known ones, whatever failed meanwhile', async () => {
    scene = new PollScene({ form: 'opaque' });
    worker = scene.worker('one');
    const refs = [];
    for (const caseId of ['a', 'b']) {
      scene.upstream.setStatus(caseId, 1);
      refs.push(await scene.want(caseId));
      await worker.run(refs.at(-1) as SetRef);
      scene.clock.advance(PollScene.OPTIONS.intervalMs);
    }
    await scene.store.sweep(scene.feed, scene.clock.now());
    scene.quota.turn.mockClear();
    scene.upstream.failNext(new UpstreamFailure('timeout', 'no answer'));
    for (const ref of refs) {
      const next = await worker.run(ref);
      await (next.kind === 'gone' ? undefined : scene.pollWhenDue(worker, ref, next));
    }
    expect(scene.telemetry.failures).toEqual(['timeout']);
    expect(scene.quota.turn.mock.calls.map(([{ isUnknown }]) => isUnknown)).toEqual([false, false]);
  });
  it('samples a member from its cursor while it looks for the refused one among joining tickets', async () => {
    scene = new PollScene({ form: 'opaque' });
    worker = scene.worker('worker');
    for (const caseId of ['a', 'b']) {
      const own = await scene.want(caseId);
      let next = await worker.run(own);
      for (let polls = 0; polls < 5; polls += 1) {
        next = await scene.pollWhenDue(worker, own, next);
      }
    }
    scene.clock.advance(PollScene.LEASE.leaseMs);
    await scene.store.sweep(scene.feed, scene.clock.now());
    const [ref] = await scene.store.overdue(scene.feed, Number.POSITIVE_INFINITY);
    const begun = await scene.store.begin(ref as SetRef, 0, { owner: 'test', until: 0 });
    const { joining, members } = (begun as Extract<typeof begun, { kind: 'begun' }>).set;
    scene.upstream.requests.length = 0;
    scene.upstream.refuse(joining[0] ?? '');
    await worker.run(ref as SetRef);
    await worker.run(ref as SetRef);
    expect(scene.upstream.requests).toMatchObject([
      { caseIds: joining, cursor: null },
      { caseIds: members, cursor: expect.any(String) },
    ]);
  });
});
