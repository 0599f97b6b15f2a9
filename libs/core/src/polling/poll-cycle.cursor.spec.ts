import { PollScene } from '#testing';
import { UpstreamFailure } from '../model/upstream-failure.js';
import type { PollCycle, Next } from './poll-cycle.js';
import type { SetRef } from '../model/set-ref.js';

const AGES_AGO = 1_000_000;

describe('PollCycle, when the upstream refuses the cursor of a set', () => {
  let scene: PollScene;
  let worker: PollCycle;
  let ref: SetRef;
  let next: Next;
  beforeEach(async () => {
    scene = new PollScene();
    worker = scene.worker('one');
    scene.upstream.post('a', { content: 'old' }, { at: scene.clock.now() - AGES_AGO });
    ref = await scene.want('a', 'b');
    next = await worker.run(ref);
    await pollFor(6);
  });

  async function pollFor(times: number): Promise<void> {
    for (let count = 0; count < times; count += 1) {
      next = await scene.pollWhenDue(worker, ref, next);
    }
  }
  /** Polls a set while it is due at once. @returns the cursors that were sent */
  async function pollOut(): Promise<(string | null)[]> {
    const before = scene.upstream.requests.length;
    do {
      await pollFor(1);
    } while (next.kind === 'again' && next.at <= scene.clock.now());
    return scene.upstream.requests.slice(before).map(({ cursor }) => cursor);
  }
  const lastCursor = () => scene.upstream.requests.at(-1)?.cursor ?? '';

  it('goes back to the one that it accepted last', async () => {
    const accepted = lastCursor();
    scene.upstream.post('a', { content: 'new' });
    scene.upstream.refuseCursors((cursor) => cursor > accepted);
    expect(await pollOut()).toEqual([expect.any(String), accepted]);
    expect(await scene.contents('a')).toEqual(['old', 'new']);
    expect(scene.telemetry).toMatchObject({ failures: ['doubted'], refusedCursors: 1, quarantines: 0 });
    // It is over for other workers, too.
    await worker.release(ref);
    await scene.pollWhenDue(scene.worker('other'), ref, next);
    expect(scene.telemetry.refusedCursors).toBe(1);
  });

  it('polls from the beginning if it refuses that one too, and continues with the cursor of that answer', async () => {
    const given = new Set<string>([lastCursor(), String(scene.clock.now())]);
    scene.upstream.post('a', { content: 'new' });
    scene.upstream.refuseCursors((cursor) => Number(cursor) < scene.clock.now() - 3500 || given.has(cursor));
    expect(await pollOut()).toEqual([expect.any(String), expect.any(String), null]);
    scene.upstream.refuseCursors(() => false);
    scene.upstream.post('b', { content: 'later' });
    expect(await pollOut()).toEqual([expect.any(String)]);
    expect(await Promise.all(['a', 'b'].map((caseId) => scene.contents(caseId)))).toEqual([['old', 'new'], ['later']]);
    expect(scene.telemetry).toMatchObject({ refusedCursors: 1, quarantines: 0 });
  });

  it('takes two requests per poll while it refuses every cursor, and clients are told nothing', async () => {
    const told: string[] = [];
    const nothing = () => undefined;
    scene.store.connect({
      published: nothing,
      upstreamChanged: (_, { state }) => told.push(state),
      quarantineChanged: nothing,
    });
    scene.upstream.refuseCursors(() => true);
    await pollOut();
    for (const content of ['one', 'two', 'three']) {
      scene.upstream.post('b', { content });
      expect(await pollOut()).toEqual([expect.any(String), null]);
    }
    expect(await scene.contents('b')).toEqual(['one', 'two', 'three']);
    expect(told).toEqual([]);
  });

  it('blames no ticket that is alone in its set, although it answers for other sets', async () => {
    const other = await scene.want('other');
    await pollFor(10);
    const alone = (await scene.store.overdue(scene.feed, Number.POSITIVE_INFINITY)).find(({ id }) => id !== ref.id);
    expect([other, alone]).toBeDefined();
    scene.upstream.refuseCursors(() => true);
    for (let rounds = 0; rounds < 5; rounds += 1) {
      await pollOut();
      await worker.run(alone ?? other);
    }
    expect(scene.telemetry.quarantines).toBe(0);
  });

  it('blames the ticket if it refuses the cursor and a ticket', async () => {
    scene.upstream.refuseCursors(() => true);
    scene.upstream.refuse('a', 'doubted');
    scene.upstream.post('b', { content: 'meanwhile' });
    for (let rounds = 0; rounds < 3; rounds += 1) {
      await pollOut();
    }
    expect(scene.telemetry.quarantines).toBe(1);
    expect(await scene.contents('b')).toEqual(['meanwhile']);
  });

  it('keeps the cursor if it refuses everything for a while', async () => {
    const before = lastCursor();
    const everything = Array.from({ length: 50 }, () => new UpstreamFailure('doubted', 'for whatever reason'));
    scene.upstream.failNext(...everything);
    while (scene.telemetry.failures.length < everything.length) {
      await pollFor(1);
    }
    const { begun } = { begun: await scene.store.begin(ref, scene.clock.now(), { owner: 'test', until: 0 }) };
    expect(begun).toMatchObject({ kind: 'begun', set: { cursorHistory: { accepted: before } } });
  });
});
