import type { UpstreamState } from './ports/broker.js';
import type { Publication } from '../model/publication.js';
import { prepareReplay } from './prepared-replays.js';
import {
  missing,
  recover as recoverWith,
  replayAtMost,
  replayOf,
  replaySize,
  type RecoverySource,
} from './recovery.js';
import { Replay } from './replay.js';
import { resumeOffset, type ResumeFrom } from './subscription.js';
import { Tail } from './tail.js';

const EPOCH = 'epoch0001';
const POSITION = { epoch: EPOCH, offset: 10 };

function publication(caseId: string, offset: number): Publication {
  return { kind: 'status', caseId, status: 0, seenAt: 0, epoch: EPOCH, offset, previous: 0 };
}

/** For each ticket, the offset up to which its history is gone, and the offsets that are kept. */
const kept: Record<string, { readonly completeAfter: number; readonly offsets: readonly number[] }> = {
  a: { completeAfter: 0, offsets: [1, 4, 9] },
  b: { completeAfter: 3, offsets: [5, 8] },
};

function source(upstream: UpstreamState = { state: 'ok', since: 0 }, quarantined: readonly string[] = []) {
  const tail = (caseId: string) => {
    const { completeAfter, offsets } = kept[caseId] ?? { completeAfter: 0, offsets: [] };
    const made = new Tail();
    const publications = offsets.map((offset) => publication(caseId, offset));
    made.absorb({ caseId, publications, completeAfter, exhausted: true, readStatus: null }, POSITION.offset);
    return made;
  };
  return {
    position: POSITION,
    loaded: true,
    upstream,
    tail,
    isQuarantined: (caseId: string) => quarantined.includes(caseId),
    isPending: () => false,
    readStatus: () => null,
  };
}

const at = (offset: number, epoch = EPOCH, isProven = true): ResumeFrom => ({
  kind: 'position',
  position: { epoch, offset },
  isProven,
});
const recover = (replay: Replay, known: RecoverySource) =>
  recoverWith(replay, known, { ...prepareReplay(replay.rest, known), isShared: false });
const recovered = (from: ResumeFrom, history = 1) =>
  recover(new Replay({ caseIds: ['a', 'b'], from, history }), source());
const offsets = (replay: readonly Publication[]) => replay.map((one) => one.offset);

describe('resumeOffset', () => {
  it('is the offset of a position in the present epoch', () => {
    expect(resumeOffset(at(10), POSITION)).toBe(10);
  });

  it.each([at(11), at(3, 'epoch0000'), { kind: 'start' }, { kind: 'unknown' }] satisfies ResumeFrom[])(
    'is none for %j',
    (from) => {
      expect(resumeOffset(from, POSITION)).toBeNull();
    },
  );
});

describe('recover', () => {
  it('gives a client without a position the last publications of each ticket, in the order of the feed', () => {
    const recovery = recovered({ kind: 'start' }, 2);
    expect(offsets(recovery.replay)).toEqual([4, 5, 8, 9]);
    expect(recovery).toMatchObject({ notices: [], position: POSITION, recovered: false });
  });

  it('gives a client with a position the publications after it, and says that nothing is missing', () => {
    const recovery = recovered(at(4));
    expect(offsets(recovery.replay)).toEqual([5, 8, 9]);
    expect(recovery).toMatchObject({ notices: [], recovered: true });
  });

  it('names the tickets of which publications are lost', () => {
    const recovery = recovered(at(2));
    expect(offsets(recovery.replay)).toEqual([4, 5, 8, 9]);
    const between = { after: { ...POSITION, offset: 2 }, before: { ...POSITION, offset: 4 } };
    expect(recovery.notices).toEqual([{ kind: 'gap', caseIds: ['b'], reason: 'history_truncated', ...between }]);
    expect(recovery.recovered).toBe(false);
  });

  it.each([at(4, 'epoch0000'), at(11), { kind: 'unknown' }] satisfies ResumeFrom[])(
    'gives everything to one whose position is %j, after telling it so',
    (from) => {
      const recovery = recovered(from);
      expect(offsets(recovery.replay)).toEqual([1, 4, 5, 8, 9]);
      expect(recovery.notices).toEqual([{ kind: 'gap', caseIds: ['a', 'b'], reason: 'unknown_position' }]);
      expect(recovery.recovered).toBe(false);
    },
  );

  it('says that the feed is degraded', () => {
    const state = { state: 'degraded', reason: 'upstream_timeout', since: 5 } as const;
    const request = { caseIds: ['a'], from: { kind: 'start' } as const, history: 0 };
    expect(recover(new Replay(request), source(state)).notices).toEqual([{ kind: 'upstream', state }]);
  });

  it('says that a refused ticket is revoked, and replays what is kept of it nevertheless', () => {
    const request = { caseIds: ['a', 'b'], from: at(4), history: 0 };
    const recovery = recover(new Replay(request), source({ state: 'ok', since: 0 }, ['b', 'c']));
    expect(recovery.notices).toEqual([{ kind: 'revoked', caseIds: ['b'] }]);
    expect(offsets(recovery.replay)).toEqual([5, 8, 9]);
    expect(recovery.recovered).toBe(true);
  });

  it('has cuts instead of a replay for a client without a position that asks for them', () => {
    const asked = (from: ResumeFrom, cuts: boolean) =>
      recover(new Replay({ caseIds: ['a', 'b'], from, history: 2, cuts }), source());
    const seen = [asked({ kind: 'start' }, true), asked(at(4), true), asked({ kind: 'start' }, false)];
    expect(seen.map(({ replay }) => offsets(replay))).toEqual([[], [5, 8, 9], [4, 5, 8, 9]]);
    expect(seen.map(({ cuts }) => cuts.map(({ caseId }) => caseId))).toEqual([['a', 'b'], ['a', 'b'], []]);
  });

  it('asks for the tails of its own tickets only, whatever it has in place of a replay', () => {
    const asked = (from: ResumeFrom, cuts: boolean) => {
      const names = new Set<string>();
      const known = source();
      const tail = (caseId: string) => {
        names.add(caseId);
        return known.tail(caseId);
      };
      const { cuts: made } = recover(new Replay({ caseIds: ['a'], from, history: 2, cuts }), { ...known, tail });
      return [[...names], made.length];
    };
    expect([asked({ kind: 'start' }, true), asked(at(4), true), asked(at(4), false)]).toEqual([
      [['a'], 1],
      [['a'], 1],
      [['a'], 0],
    ]);
  });

  it('names the tickets whose first poll is to come, but for refused ones', () => {
    const isPending = (caseId: string) => caseId !== 'a';
    const replay = new Replay({ caseIds: ['a', 'b', 'c'], from: at(4), history: 0 });
    expect(recover(replay, { ...source({ state: 'ok', since: 0 }, ['c']), isPending }).pending).toEqual(['b']);
    const none = new Replay({ caseIds: ['a', 'c'], from: at(4), history: 0 });
    expect(recover(none, { ...source({ state: 'ok', since: 0 }, ['a', 'c']), isPending }).pending).toEqual([]);
  });
});

describe('what has to be read before a request can be served', () => {
  const START: ResumeFrom = { kind: 'start' };
  const BOUNDS = { historyMax: 1000, tailMax: 100 };
  const reads = (from: ResumeFrom, { first = false, loaded = true } = {}) =>
    missing({ caseIds: ['a', 'unread'], from, history: 200 }, { ...source(), loaded, tail: tailOf }, BOUNDS, first);
  const tailOf = (caseId: string) => (caseId === 'unread' ? new Tail() : source().tail(caseId));

  it.each([
    ['what is not in memory', at(4), {}, [['unread', 100, 4]]],
    ['as much history as is asked for', START, {}, [['unread', 200, null]]],
    ['what is not in memory, also at first, without a position', START, { first: true }, [['unread', 200, null]]],
    [
      'what is not in memory, also at first, for a position that is known',
      at(4),
      { first: true },
      [['unread', 100, 4]],
    ],
    ['all there is for a position of another epoch', at(4, 'other'), {}, [['unread', 1000, null]]],
    [
      'everything anew for a position that another gateway may have given',
      at(12),
      { first: true },
      [
        ['a', 100, 12],
        ['unread', 100, 12],
      ],
    ],
    [
      'everything where nothing was ever read',
      at(4),
      { loaded: false },
      [
        ['a', 100, 4],
        ['unread', 100, 4],
      ],
    ],
  ])('is %s', (_, from, known, expected) => {
    expect(reads(from, known).map(({ caseId, atLeast, after }) => [caseId, atLeast, after])).toEqual(expected);
  });

  it('says what the client has seen, if the store has to judge the position and it is proven', () => {
    const claim = { epoch: EPOCH, offset: 12 };
    expect(reads(at(12), { first: true })).toStrictEqual([
      { caseId: 'a', atLeast: 100, after: 12, claim },
      { caseId: 'unread', atLeast: 100, after: 12, claim },
    ]);
    expect(reads(at(12, EPOCH, false), { first: true })).toStrictEqual([
      { caseId: 'a', atLeast: 100, after: 12 },
      { caseId: 'unread', atLeast: 100, after: 12 },
    ]);
    const judged = { caseId: 'unread', atLeast: 1000, after: null };
    expect(reads(at(12))).toStrictEqual([judged]);
    expect(reads(at(4))).toStrictEqual([{ ...judged, atLeast: 100, after: 4 }]);
    expect(reads(START, { loaded: false })[0]).toStrictEqual({ caseId: 'a', atLeast: 200, after: null });
  });
});

describe('the most that a replay can have', () => {
  const most = (from: ResumeFrom, history: number, historyMax = 1000) =>
    replayAtMost({ caseIds: ['a', 'b'], from, history }, POSITION, { historyMax, tailMax: 100 });

  it('is what is asked for of each ticket, and no more than is kept', () => {
    expect([most({ kind: 'start' }, 5), most({ kind: 'start' }, 5000)]).toEqual([10, 2000]);
  });

  it('is what came after a position that is known, and no more than is kept', () => {
    expect([most(at(4), 0), most(at(4), 0, 2)]).toEqual([6, 4]);
  });

  it('is all that is kept for a position of another epoch', () => {
    expect(most(at(4, 'other'), 0)).toBe(2000);
  });
});

describe('the size of a replay from memory', () => {
  const request = (from: ResumeFrom, history: number, cuts = false) => ({ caseIds: ['a', 'b'], from, history, cuts });

  it.each([
    [{ kind: 'start' }, 2, 4],
    [{ kind: 'start' }, 1, 2],
    [{ kind: 'start' }, 100, 5],
    [{ kind: 'unknown' }, 1, 5],
    [at(4), 1, 3],
    [at(8), 0, 1],
    [at(4, 'other'), 0, 5],
  ] satisfies [ResumeFrom, number, number][])(
    'from %j with a history of %d is what is replayed: %d',
    (from, history, count) => {
      expect(replaySize(request(from, history), source()).count).toBe(count);
      expect(['a', 'b'].flatMap((caseId) => replayOf(request(from, history), caseId, source()))).toHaveLength(count);
    },
  );

  it('is nothing where cuts have what would be replayed, and changes with its tails', () => {
    expect(replaySize(request({ kind: 'start' }, 2, true), source())).toEqual({ count: 0, changedAt: 0 });
    expect(replaySize(request(at(4), 2, true), source()).count).toBe(3);
    const tails = new Map(['a', 'b'].map((caseId) => [caseId, source().tail(caseId)]));
    const known = { ...source(), tail: (caseId: string) => tails.get(caseId) as Tail };
    const before = replaySize(request(at(4), 0), known).changedAt;
    tails.get('a')?.append(publication('a', 11));
    expect(replaySize(request(at(4), 0), known).changedAt).toBeGreaterThan(before);
  });
});
