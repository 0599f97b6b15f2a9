import type { Publication } from '../model/publication.js';
import { Replay, type FeedStates } from './replay.js';
import type { ResumeFrom } from './subscription.js';

const POSITION = { epoch: 'epoch0001', offset: 10 };
const LOST = { after: { ...POSITION, offset: 2 }, before: { ...POSITION, offset: 5 } };
const NAMED: ResumeFrom = { kind: 'position', position: { ...POSITION, offset: 2 }, isProven: false };

const status = (caseId: string): Publication => ({
  ...{ kind: 'status', caseId, status: 0, seenAt: 0, previous: 0 },
  ...POSITION,
});
const replayFrom = (from: ResumeFrom, caseIds = ['a', 'b']) => new Replay({ caseIds, from, history: 1 });

function states(changes: { degraded?: boolean; refused?: readonly string[] } = {}): FeedStates {
  return {
    upstream: changes.degraded ? { state: 'degraded', reason: 'timeout', since: 1 } : { state: 'ok', since: 0 },
    isQuarantined: (caseId) => changes.refused?.includes(caseId) ?? false,
    isPending: () => false,
    readStatus: () => null,
  };
}

/** What a subscriber is told while its replay is written in slices. */
describe('a replay', () => {
  it('has begun when something of it was written, and goes on from there, at a position that is proven', () => {
    const replay = replayFrom(NAMED);
    expect([replay.hasBegun, replay.rest.from]).toEqual([false, NAMED]);
    replay.reached(POSITION, []);
    expect([replay.hasBegun, replay.rest.from]).toEqual([
      true,
      { kind: 'position', position: POSITION, isProven: true },
    ]);
    expect(replay.rest.caseIds).toEqual(['a', 'b']);
  });

  it('is recovered if a position was named and nothing is missing since', () => {
    const [named, start, gapped] = [replayFrom(NAMED), replayFrom({ kind: 'start' }), replayFrom(NAMED)];
    expect(gapped.news(['a'], LOST, states())).toHaveLength(1);
    expect([named, start, gapped].map((replay) => replay.isRecovered)).toEqual([true, false, false]);
    start.reached(POSITION, []);
    expect(start.isRecovered).toBe(false);
  });

  it('tells a gap once, and again where publications came in between, or the position is unknown', () => {
    const replay = replayFrom(NAMED);
    const gaps = (between: typeof LOST | null) => replay.news(['a', 'b'], between, states());
    expect(gaps(LOST)).toEqual([{ kind: 'gap', caseIds: ['a', 'b'], reason: 'history_truncated', ...LOST }]);
    expect(gaps(LOST)).toEqual([]);
    replay.reached(POSITION, [status('b')]);
    expect(gaps(LOST)).toEqual([{ kind: 'gap', caseIds: ['b'], reason: 'history_truncated', ...LOST }]);
    expect(gaps(null)).toEqual([{ kind: 'gap', caseIds: ['a', 'b'], reason: 'unknown_position' }]);
  });

  it('tells of each refused ticket once, and of the upstream when it changes', () => {
    const replay = replayFrom({ kind: 'start' });
    const told = (changes: Parameters<typeof states>[0]) => replay.news([], null, states(changes));
    expect(told({})).toEqual([]);
    expect(told({ refused: ['a', 'elsewhere'] })).toEqual([{ kind: 'revoked', caseIds: ['a'] }]);
    expect(told({ refused: ['a', 'b'] })).toEqual([{ kind: 'revoked', caseIds: ['b'] }]);
    expect(told({ refused: ['a', 'b'], degraded: true }).map(({ kind }) => kind)).toEqual(['upstream']);
    expect(told({ refused: ['a', 'b'], degraded: true })).toEqual([]);
    expect(told({ refused: ['a', 'b'] })).toEqual([{ kind: 'upstream', state: { state: 'ok', since: 0 } }]);
  });
});
