import { PollScene } from '#testing';
import { UpstreamFailure } from '../model/upstream-failure.js';
import type { PollCycle, Next } from './poll-cycle.js';
import { COMMIT_MAX_ENTRIES } from './ports/set-store.js';
import type { SetRef } from '../model/set-ref.js';

describe('PollCycle', () => {
  let scene: PollScene;
  let worker: PollCycle;
  beforeEach(() => {
    scene = new PollScene();
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

  it('polls a set again at the next tick of its phase, at most an interval later', async () => {
    const next = await worker.run(await scene.want('a'));
    expect(next.kind).toBe('again');
    const wait = next.kind === 'again' ? next.at - scene.clock.now() : 0;
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(1001);
  });

  it('sends no request before a set is due', async () => {
    const ref = await scene.want('a');
    const next = await worker.run(ref);
    expect(await worker.run(ref)).toEqual(next);
    expect(scene.upstream.requests).toHaveLength(1);
  });

  it('polls tickets that were moved to it from the beginning, without the others, if cursors cannot be mixed', async () => {
    scene = new PollScene({ form: 'opaque' });
    worker = scene.worker('worker');
    scene.upstream.post('b', { content: 'from long ago' }, { at: 1_000 });
    const first = await scene.want('a');
    await worker.run(first);
    const second = await scene.want('b');
    scene.clock.advance(PollScene.OPTIONS.intervalMs);
    await worker.run(second);
    await scene.store.sweep(scene.feed, scene.clock.now());
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

  it('leaves the cursor of the others where it is when tickets are polled from the beginning', async () => {
    scene = new PollScene({ form: 'opaque' });
    worker = scene.worker('worker');
    scene.upstream.post('a', { content: 'x' });
    const refs = [await scene.want('a')];
    await worker.run(refs[0] as SetRef);
    refs.push(await scene.want('b'));
    scene.clock.advance(PollScene.OPTIONS.intervalMs);
    await worker.run(refs[1] as SetRef);
    const now = scene.clock.now();
    const looked = await Promise.all(refs.map((ref) => scene.store.begin(ref, now, { owner: 'test', until: now })));
    const merged = looked.flatMap((begun) => (begun.kind === 'begun' ? [begun.set] : []));
    expect(merged).toMatchObject([{ members: [expect.any(String)], joining: [expect.any(String)] }]);
    scene.clock.advance(50);
    scene.upstream.post('b', { content: 'y' });
    const commits = jest.spyOn(scene.store, 'commit');
    await worker.run(merged[0]?.ref as SetRef);
    const { cursorHistory, answerDigest } = merged[0] ?? {};
    expect(cursorHistory).not.toBeNull();
    expect(commits.mock.calls.map(([{ learned, due }]) => [learned, due])).toEqual([
      [{ cursorHistory, answerDigest, order: 'oldest_first' }, undefined],
    ]);
  });

  it('waits for its turn if the quota is used up, and ends the lease of the set meanwhile', async () => {
    const ref = await scene.want('a');
    scene.quota.turn.mockResolvedValueOnce(300);
    const now = scene.clock.now();
    expect(await worker.run(ref)).toEqual({ kind: 'again', at: now + 300 });
    expect(scene.upstream.requests).toEqual([]);
    expect(scene.quota.turn.mock.calls).toEqual([[{ ref, rank: now, now, isUnknown: true }]]);
    await scene.worker('worker').run(ref);
    expect(scene.upstream.requests).toHaveLength(1);
  });

  it('gives turns to active sets first if there are not enough turns', async () => {
    const ref = await scene.want('a');
    const came = scene.clock.now();
    let next = await worker.run(ref);
    for (let idleMs = 0; idleMs < 35_000; idleMs = scene.clock.now() - came) {
      const dueAt = next.kind === 'again' ? next.at : 0;
      next = await scene.pollWhenDue(worker, ref, next);
      const rank = scene.quota.turn.mock.lastCall?.[0].rank ?? 0;
      expect(rank - dueAt).toBe(dueAt - came > 30_000 ? PollScene.OPTIONS.intervalMs : 0);
    }
    scene.upstream.post('a', { content: 'news' });
    next = await scene.pollWhenDue(worker, ref, next);
    const begins = jest.spyOn(scene.store, 'begin');
    await scene.pollWhenDue(worker, ref, next);
    expect(scene.quota.turn.mock.lastCall?.[0].rank).toBe(scene.clock.now());
    expect(begins).not.toHaveBeenCalled(); // The worker that has the set reserved knows it by itself.
  });

  it('recognises an answer without news by its digest', async () => {
    const commits = jest.spyOn(scene.store, 'commit');
    scene.upstream.post('a', { content: 'x' });
    const ref = await scene.want('a');
    let next = await worker.run(ref);
    for (let count = 0; count < 3; count += 1) {
      next = await scene.pollWhenDue(worker, ref, next);
    }
    expect(commits.mock.calls.map(([commit]) => commit.entries.length)).toEqual([1, 1, 0, 0]);
    const known = scene.upstream.requests[2]?.knownDigest;
    expect(known).toEqual(expect.any(String));
    expect(scene.upstream.requests.map(({ knownDigest }) => knownDigest)).toEqual([null, null, known, known]);
    expect(await scene.contents('a')).toEqual(['x']);
  });

  it('commits a long answer in parts, and publishes it in order', async () => {
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

  it('never cuts a class, because the commit counts its messages', async () => {
    const commits = jest.spyOn(scene.store, 'commit');
    const at = scene.clock.now() - 10_000_000;
    const post = (content: string, second: number) => scene.upstream.post('a', { content }, { at: at + second * 1000 });
    for (let second = 0; second < COMMIT_MAX_ENTRIES - 1; second += 1) {
      post('x', second);
    }
    // In one second: the first and the last one are of one class.
    ['twin', 'y', 'z', 'twin'].forEach((content) => post(content, COMMIT_MAX_ENTRIES));
    await worker.run(await scene.want('a'));
    expect(commits.mock.calls.map(([commit]) => commit.entries.length)).toEqual([COMMIT_MAX_ENTRIES - 1, 4]);
  });

  it('commits more at once where messages of one class lie further apart', async () => {
    const commits = jest.spyOn(scene.store, 'commit');
    const contents = ['twin', ...Array.from({ length: COMMIT_MAX_ENTRIES }, (_, index) => index), 'twin', 'last'];
    contents.forEach((content) => scene.upstream.post('a', { content }, { at: scene.clock.now() - 10_000_000 }));
    await worker.run(await scene.want('a'));
    expect(commits.mock.calls.map(([commit]) => commit.entries.length)).toEqual([COMMIT_MAX_ENTRIES + 2, 1]);
    expect(await scene.contents('a')).toEqual(contents);
  });

  it('reads an answer once more that the release before has read: it knew no classes', async () => {
    scene = new PollScene({ basis: 'newest_message', bound: 'inclusive' });
    worker = scene.worker('one');
    scene.upstream.post('a', { content: 'x' });
    const ref = await scene.want('a');
    await scene.pollWhenDue(worker, ref, await worker.run(ref));
    const known = scene.upstream.requests.length;
    const now = scene.clock.now();
    const begun = await scene.store.begin(ref, now, { owner: 'one', until: now });
    const { set } = begun as Extract<typeof begun, { kind: 'begun' }>;
    // As the release before writes it.
    const learned = {
      cursorHistory: set.cursorHistory,
      order: set.order,
      answerDigest: String(set.answerDigest).slice(2),
    };
    await scene.store.commit({ ref, fence: set.fence, now, entries: [], backfilled: [], learned });
    const commits = jest.spyOn(scene.store, 'commit');
    await scene.pollWhenDue(scene.worker('one'), ref, { kind: 'again', at: now + 2000 });
    await scene.pollWhenDue(scene.worker('one'), ref, { kind: 'again', at: now + 4000 });
    expect(scene.upstream.requests.slice(known)).toMatchObject([
      { knownDigest: null },
      { knownDigest: expect.any(String) },
    ]);
    expect(commits.mock.calls.map(([commit]) => commit.entries.length)).toEqual([1, 0]);
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
    scene.clock.advance(PollScene.LEASE.leaseMs);
    await scene.worker('worker').run(ref);
    expect(await scene.contents('a')).toEqual(many);
  });

  it('ends the job of a set that nobody wants any more', async () => {
    const ref = await scene.want('a');
    await scene.endInterest();
    expect(await worker.run(ref)).toEqual({ kind: 'gone' });
    expect(scene.upstream.requests).toEqual([]);
  });

  describe('a failed poll', () => {
    it('leaves the cursor where it is, and is repeated after a growing delay', async () => {
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

    it('of new tickets is not repeated before its delay has ended', async () => {
      const ref = await scene.want('a');
      scene.upstream.failNext(new UpstreamFailure('timeout', 'x'));
      const next = await worker.run(ref);
      expect(await worker.run(ref)).toEqual(next);
      expect(scene.upstream.requests).toHaveLength(1);
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

    it('does not catch an error that is not one of the upstream', async () => {
      const ref = await scene.want('a');
      jest.spyOn(scene.upstream, 'poll').mockRejectedValueOnce(new TypeError('a mistake'));
      await expect(worker.run(ref)).rejects.toThrow('a mistake');
    });
  });

  describe('looking back', () => {
    /** Polls every second, so that the history has cursors to look back with. Returns at the last poll. */
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
        scene = new PollScene({ form });
        worker = scene.worker('worker');
        const ref = await scene.want('a');
        let next = await pollFor(6, ref);
        const at = scene.clock.now() - 1;
        scene.upstream.post('a', { content: 'late' }, { at, visibleAt: at + PollScene.OPTIONS.overlapMs });
        for (let polls = 0; polls < 3; polls += 1) {
          next = await scene.pollWhenDue(worker, ref, next);
        }
        expect(await scene.contents('a')).toEqual(['late']);
        // The set is polled from the beginning only while no cursor is old enough.
        const fromTheBeginning = scene.upstream.requests.filter((request) => request.cursor === null).length;
        expect(fromTheBeginning).toBeLessThanOrEqual(5);
      },
    );

    it('keeps both of two equal messages of one second on one side of the window', async () => {
      const ref = await scene.want('a');
      // Frequent polls, so that a cursor lies between the two messages.
      let next = await pollFor(6, ref);
      const second = Math.ceil(scene.clock.now() / 1000) * 1000 + 5000;
      while (next.kind === 'again' && next.at < second) {
        next = await scene.pollWhenDue(worker, ref, next);
      }
      const due = next.kind === 'again' ? next.at : 0;
      // One message just before the poll; an equal one just after it, within the same second, visible as late as
      // possible.
      const [before, after] = [due - 1, due + 1];
      expect(Math.floor(before / 1000)).toBe(Math.floor(after / 1000));
      scene.upstream.post('a', { content: 'twin' }, { at: before });
      scene.upstream.post('a', { content: 'twin' }, { at: after, visibleAt: after + PollScene.OPTIONS.overlapMs });
      for (let polls = 0; polls < 6; polls += 1) {
        next = await scene.pollWhenDue(worker, ref, next);
      }
      expect(await scene.contents('a')).toEqual(['twin', 'twin']);
    });

    it('begins at the time at which a poll was sent, not at the time of its answer', async () => {
      const ref = await scene.want('a');
      let next = await pollFor(6, ref);
      const passing = [0, 4000];
      scene.latency = async () => scene.clock.advance(passing.shift() ?? 0);
      const sentAt = next.kind === 'again' ? next.at : 0;
      // The message becomes visible after the upstream has read its data and before the answer arrives.
      scene.upstream.post(
        'a',
        { content: 'late' },
        { at: sentAt + 1 - PollScene.OPTIONS.overlapMs, visibleAt: sentAt + 1 },
      );
      next = await scene.pollWhenDue(worker, ref, next);
      expect(await scene.contents('a')).toEqual([]);
      await scene.pollWhenDue(worker, ref, next);
      expect(await scene.contents('a')).toEqual(['late']);
    });
  });
});
