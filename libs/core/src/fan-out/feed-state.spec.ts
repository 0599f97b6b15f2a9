import { feedKey } from '../model/feed.js';
import type { Publication } from '../model/publication.js';
import { FeedState } from './feed-state.js';
import type { HistorySnapshot } from './ports/broker.js';
import type { Notice, Subscriber } from './subscription.js';

const EPOCH = 'epoch0001';
const OTHER_EPOCH = 'epoch0002';

const status = (caseId: string, offset: number, previous = 0, epoch = EPOCH): Publication => ({
  ...{ kind: 'status', caseId, status: 1, seenAt: offset, epoch, offset, previous },
});

/** @param kept of each ticket, the offset up to which its history is gone, and the offsets that are kept */
function snapshot(offset: number, kept: Record<string, readonly [number, readonly number[]]>, epoch = EPOCH) {
  const tickets = Object.entries(kept).map(([caseId, [completeAfter, offsets]]) => ({
    ...{ caseId, completeAfter, exhausted: true, readStatus: null },
    publications: offsets.map((one) => status(caseId, one, 0, epoch)),
  }));
  return {
    epoch,
    offset,
    upstream: { state: 'ok', since: 0 },
    quarantined: [],
    pending: [],
    tickets,
  } as HistorySnapshot;
}

/** What a gateway does with the history that it reads after an interruption. */
describe('the repair of a feed', () => {
  let state: FeedState;
  let notices: Notice[];
  let delivered: string[];
  beforeEach(() => {
    [notices, delivered] = [[], []];
    const done = async () => undefined;
    state = new FeedState(feedKey({ language: 'en-us' }), { watch: done, unwatch: done });
    const subscriber = {
      notify: (notice: Notice) => void notices.push(notice),
      deliver: ({ caseId, offset }: Publication) => void delivered.push(`${caseId} ${offset}`),
    } as unknown as Subscriber;
    for (const topic of state.topics.enter(['a', 'b', 'c'])) topic.subscribers.add(subscriber);
    for (const one of [status('a', 3), status('b', 5), status('c', 6)]) {
      state.dispatch(state.topics.of(one.caseId), one);
    }
    delivered.length = 0;
  });

  function catchUp(newest: HistorySnapshot, held: readonly Publication[] = []): boolean {
    const topics = [...state.topics];
    return state.catchUp({ topics, snapshots: [newest], newest, held, noticeCount: state.quarantined.noticeCount });
  }

  it('dispatches what was missed in the order of the feed, held publications among it, and tells of no gap', () => {
    const newest = snapshot(9, { a: [0, [3, 9]], b: [0, [5, 7]], c: [0, [6]] });
    expect(catchUp(newest, [status('c', 8)])).toBe(true);
    expect([delivered, notices]).toEqual([['b 7', 'c 8', 'a 9'], []]);
    expect(state.position).toEqual({ epoch: EPOCH, offset: 9 });
  });

  it('tells of a gap where history lost what was missed: from the first position that is not dispatched to the last that is lost', () => {
    const newest = snapshot(12, { a: [8, [11]], b: [9, [12]], c: [0, [6]] });
    expect(catchUp(newest)).toBe(true);
    expect(notices).toEqual([
      {
        ...{ kind: 'gap', caseIds: ['a', 'b'], reason: 'history_truncated' },
        after: { epoch: EPOCH, offset: 3 },
        before: { epoch: EPOCH, offset: 10 },
      },
    ]);
    expect(delivered).toEqual(['a 11', 'b 12']);
    expect(['a', 'b', 'c'].map((caseId) => state.source.tail(caseId).lost(6))).toEqual([true, true, false]);
  });

  it('begins anew in a new epoch, whose history is read again, and tells everybody that positions mean nothing', () => {
    const newest = snapshot(2, { a: [0, [1]], b: [0, [2]], c: [0, []] }, OTHER_EPOCH);
    expect(catchUp(newest)).toBe(false);
    expect(notices).toEqual([{ kind: 'gap', caseIds: ['a', 'b', 'c'], reason: 'unknown_position' }]);
    expect(state.position).toEqual({ epoch: OTHER_EPOCH, offset: 0 });
    expect(catchUp(newest)).toBe(true);
    expect(delivered).toEqual(['a 1', 'b 2']);
  });

  it('asks for a new epoch where the store has other publications at offsets that were dispatched', () => {
    const newest = snapshot(6, { a: [0, []], b: [0, [5]], c: [0, [6]] });
    expect(catchUp(newest)).toBe(false);
    expect(state.position).toEqual({ epoch: EPOCH, offset: Number.MAX_SAFE_INTEGER });
    expect([delivered, notices]).toEqual([[], []]);
  });

  it('takes in history of tickets that nobody follows any more without a word', () => {
    state.absorb(snapshot(9, { a: [0, [3]], left: [0, [9]] }), state.quarantined.noticeCount);
    expect(catchUp(snapshot(9, { a: [0, [3]], b: [0, [5]], c: [0, [6]], left: [0, [9]] }))).toBe(true);
    expect([delivered, notices, state.source.loaded]).toEqual([[], [], true]);
  });

  it('knows read statuses and first polls that are to come, by what was published and by history', () => {
    const known = () =>
      ['a', 'b', 'c'].map((caseId) => [state.source.readStatus(caseId), state.source.isPending(caseId)]);
    expect(known()).toEqual([
      [1, false],
      [1, false],
      [1, false],
    ]);
    const message = {
      ...{ kind: 'message', caseId: 'd', message: '1', sentAt: 0, seenAt: 0, previous: 0 },
    } as Publication;
    state.topics.enter(['d']);
    state.dispatch(state.topics.of('d'), { ...message, epoch: EPOCH, offset: 8 });
    expect(state.source.readStatus('d')).toBeNull();
    const read = snapshot(7, { a: [0, [3]], d: [0, []] });
    const tickets = read.tickets.map((ticket) => ({ ...ticket, readStatus: 2 }));
    state.absorb({ ...read, tickets, pending: ['d'] }, state.quarantined.noticeCount);
    expect(known()[0]).toEqual([2, false]);
    // A message that was published after that read says nothing of the status.
    expect([state.source.readStatus('d'), state.source.isPending('d')]).toEqual([2, true]);
  });

  it('is at the position of the history that a repair has read, and knows what that says of the tickets', () => {
    const read = snapshot(20, { a: [0, [3]], b: [0, [5]], c: [0, [6]] });
    const tickets = read.tickets.map((ticket) => ({ ...ticket, readStatus: 2 }));
    expect(catchUp({ ...read, tickets, pending: ['b'] })).toBe(true);
    const { position, loaded } = state.source;
    expect([position, loaded]).toEqual([{ epoch: EPOCH, offset: 20 }, true]);
    expect([state.source.readStatus('a'), state.source.isPending('b')]).toEqual([2, true]);
  });

  it('keeps a status that was published after the history was read, however far other tickets have come', () => {
    state.dispatch(state.topics.of('a'), status('a', 8, 3));
    state.dispatch(state.topics.of('b'), status('b', 9, 5));
    const read = snapshot(7, { a: [0, [3]] });
    const tickets = read.tickets.map((ticket) => ({ ...ticket, readStatus: 0 }));
    state.absorb({ ...read, tickets }, state.quarantined.noticeCount);
    expect(state.source.readStatus('a')).toBe(1);
  });
});
