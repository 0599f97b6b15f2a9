import { PollScene } from '#testing';
import { UpstreamFailure } from '../model/upstream-failure.js';
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
});
