import type { HistorySnapshot, TicketHistory } from './ports/broker.js';
import { jsonText } from '../model/json.js';
import type { Publication } from '../model/publication.js';
import { hasDiverged, missedSince } from './repair.js';

const EPOCH = 'epoch0001';

function publication(caseId: string, offset: number, epoch = EPOCH): Publication {
  return { kind: 'status', caseId, status: 0, seenAt: 0, epoch, offset, previous: 0 };
}

function history(caseId: string, offsets: readonly number[], completeAfter = 0): TicketHistory {
  const publications = offsets.map((offset) => publication(caseId, offset));
  return { caseId, publications, completeAfter, exhausted: true, readStatus: null };
}

function snapshot(offset: number, ...tickets: TicketHistory[]): HistorySnapshot {
  return { epoch: EPOCH, offset, upstream: { state: 'ok', since: 0 }, quarantined: [], pending: [], tickets };
}

const offsets = (publications: readonly Publication[]) => publications.map((one) => one.offset);

describe('missedSince', () => {
  it('is what each ticket has beyond its own end, in the order of the feed', () => {
    const ends = new Map([
      ['a', 3],
      ['b', 1],
    ]);
    const read = snapshot(6, history('a', [1, 3, 6]), history('b', [2, 5]));
    expect(offsets(missedSince(ends, [read], []).publications)).toEqual([2, 5, 6]);
  });

  it('takes what was published between two reads from the held publications, once', () => {
    const ends = new Map([
      ['a', 0],
      ['b', 0],
    ]);
    const reads = [snapshot(1, history('a', [1])), snapshot(3, history('b', [3]))];
    const held = [publication('a', 2), publication('b', 3), publication('a', 4)];
    expect(offsets(missedSince(ends, reads, held).publications)).toEqual([1, 2, 3]);
  });

  it('takes a held publication up to the offset of the last read, however many reads there were', () => {
    const ends = new Map(['a', 'b', 'c'].map((caseId) => [caseId, 0]));
    const reads = [snapshot(1, history('a', [1])), snapshot(2, history('b', [2])), snapshot(4, history('c', [4]))];
    const held = [publication('a', 3), publication('a', 5)];
    expect(offsets(missedSince(ends, reads, held).publications)).toEqual([1, 2, 3, 4]);
  });

  it('has no held publication if nothing was read, because nothing says how far it may go', () => {
    const missed = missedSince(new Map([['a', 0]]), [], [publication('a', 1)]);
    expect(missed).toEqual({ publications: [], truncated: new Map() });
  });

  it('has the held publication of exactly the newest offset, and none beyond it', () => {
    const ends = new Map([
      ['a', 1],
      ['b', 1],
    ]);
    // Ticket a was read first; then 4 was published on it, which the reading of b counts.
    const reads = [snapshot(1, history('a', [1])), snapshot(4, history('b', [3]))];
    const held = [publication('a', 4), publication('b', 5)];
    expect(offsets(missedSince(ends, reads, held).publications)).toEqual([3, 4]);
  });

  it('has nothing that was dispatched, up to the exact offset', () => {
    const read = snapshot(3, history('a', [1, 2, 3]));
    expect(offsets(missedSince(new Map([['a', 3]]), [read], [publication('a', 3)]).publications)).toEqual([]);
    expect(offsets(missedSince(new Map([['a', 2]]), [read], [publication('a', 3)]).publications)).toEqual([3]);
  });

  it('ignores held publications of another epoch, and of tickets that were not read', () => {
    const held = [publication('a', 2, 'epoch0000'), publication('z', 1)];
    expect(missedSince(new Map([['a', 0]]), [snapshot(2, history('a', []))], held).publications).toEqual([]);
  });

  it('names the tickets of which publications are lost', () => {
    const ends = new Map([
      ['a', 3],
      ['b', 3],
    ]);
    const read = snapshot(9, history('a', [9], 4), history('b', [8], 3), history('z', [], 9));
    expect([...missedSince(ends, [read], []).truncated.keys()]).toEqual(['a']);
  });
});

describe('hasDiverged', () => {
  const end = { ...publication('a', 7), seenAt: 70 };
  const message = (text: string) => ({ kind: 'message', message: jsonText(text), sentAt: 0 }) as const;
  const kept = (completeAfter: number, ...publications: Publication[]) => [
    snapshot(9, { caseId: 'a', publications, completeAfter, exhausted: true, readStatus: null }),
  ];

  it('is false if history still has the last publication, or no longer keeps it', () => {
    expect(hasDiverged([end], kept(5, publication('a', 6), end, publication('a', 9)))).toBe(false);
    expect(hasDiverged([end], kept(8, publication('a', 9)))).toBe(false);
    expect(hasDiverged([end], kept(7, publication('a', 9)))).toBe(false);
    expect(hasDiverged([end], [])).toBe(false);
  });

  it('compares messages by their text', () => {
    const said = { ...end, ...message('one') };
    expect(hasDiverged([said], kept(5, { ...said }))).toBe(false);
    expect(hasDiverged([said], kept(5, { ...said, ...message('other') }))).toBe(true);
    expect(hasDiverged([said], kept(5, end))).toBe(true);
  });

  it('compares unread counts by both of their numbers', () => {
    const unread = (unreadNum: number, status: number | null) =>
      ({ ...end, kind: 'unread', unreadNum, status }) as unknown as Publication;
    expect(hasDiverged([unread(1, 2)], kept(5, unread(1, 2)))).toBe(false);
    expect(hasDiverged([unread(1, 2)], kept(5, unread(2, 2)))).toBe(true);
    expect(hasDiverged([unread(1, 2)], kept(5, unread(1, null)))).toBe(true);
  });

  it('is true if history has another publication at its offset, or none', () => {
    expect(hasDiverged([end], kept(5, { ...end, seenAt: 71 }))).toBe(true);
    expect(hasDiverged([end], kept(5, { ...publication('a', 7), kind: 'status', status: 1, seenAt: 70 }))).toBe(true);
    expect(hasDiverged([end], kept(5, publication('a', 6), publication('a', 8)))).toBe(true);
    expect(hasDiverged([end], kept(5, { ...end, ...message('0') }))).toBe(true);
    expect(hasDiverged([end], kept(6, publication('a', 8)))).toBe(true);
  });
});
