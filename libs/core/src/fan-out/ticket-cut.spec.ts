import type { JsonText } from '../model/json.js';
import type { Publication } from '../model/publication.js';
import { unreadTopic, type CaseId } from '../model/ticket.js';
import { Tail } from './tail.js';
import { ticketCuts, type CutSource } from './ticket-cut.js';

const POSITION = { epoch: 'epoch0001', offset: 20 };
const MEBIBYTE = 1_048_576;

/** @param bytes of its message */
function message(caseId: CaseId, offset: number, bytes = 10): Publication {
  const text = JSON.stringify('x'.repeat(bytes - 2)) as JsonText;
  return { kind: 'message', caseId, message: text, sentAt: 0, seenAt: 0, ...POSITION, offset, previous: 0 };
}

function status(caseId: CaseId, offset: number): Publication {
  return { kind: 'status', caseId, status: 1, seenAt: 0, ...POSITION, offset, previous: 0 };
}

function unread(caseId: CaseId, offset: number, unreadNum: number): Publication {
  return { kind: 'unread', caseId, unreadNum, status: 1, seenAt: 0, ...POSITION, offset, previous: 0 };
}

/** Of a ticket that is not named here nothing was published. */
function source(published: Record<CaseId, readonly Publication[]>): CutSource {
  return {
    position: POSITION,
    upstream: { state: 'ok', since: 0 },
    tail: (caseId) => {
      const tail = new Tail();
      const publications = [...(published[caseId] ?? [])];
      tail.absorb({ caseId, publications, completeAfter: 0, exhausted: true, readStatus: null }, POSITION.offset);
      return tail;
    },
    isQuarantined: (caseId) => caseId === 'refused',
    isPending: (caseId) => caseId === 'new',
    readStatus: (caseId) => (caseId === 'a' ? 1 : null),
  };
}

const cuts = (caseIds: readonly CaseId[], published: Record<CaseId, readonly Publication[]>, history = 10) =>
  ticketCuts({ caseIds, from: { kind: 'start' }, history }, source(published));
const offsets = (publications: readonly Publication[]) => publications.map(({ offset }) => offset);

describe('the cut of a ticket', () => {
  it('says what is known of the ticket, whether something was published or not', () => {
    expect(cuts(['a', 'refused', 'new'], {})).toEqual([
      { caseId: 'a', unread: undefined, status: 1, messages: [], isQuarantined: false, isPending: false },
      { caseId: 'refused', unread: undefined, status: null, messages: [], isQuarantined: true, isPending: false },
      { caseId: 'new', unread: undefined, status: null, messages: [], isQuarantined: false, isPending: true },
    ]);
  });

  it('has the last messages, and no other publications', () => {
    const published = { a: [message('a', 1), message('a', 2), status('a', 3), message('a', 4)] };
    expect([10, 3, 1].map((history) => cuts(['a'], published, history).map((cut) => offsets(cut.messages)))).toEqual([
      [[1, 2, 4]],
      [[2, 4]],
      [[4]],
    ]);
  });

  it('has the unread count that is newest, where it is asked for; null where there is none', () => {
    const topic = unreadTopic('a');
    const counts = [unread(topic, 5, 3), unread(topic, 9, 4)];
    expect(cuts(['a', topic], { [topic]: counts })).toMatchObject([{ caseId: 'a', unread: counts[1] }]);
    expect(cuts(['a', topic], {})).toMatchObject([{ caseId: 'a', unread: null }]);
    expect(cuts(['a', topic], { [topic]: [status(topic, 5)] })).toMatchObject([{ caseId: 'a', unread: null }]);
    expect(cuts(['a'], { [topic]: counts })[0]?.unread).toBeUndefined();
  });

  it('has as many of the newest messages as there is room for, the share of its ticket', () => {
    const half = MEBIBYTE / 2;
    const published = { a: [message('a', 1, half), message('a', 2, half), message('a', 3, half)] };
    expect(cuts(['a'], published).map((cut) => offsets(cut.messages))).toEqual([[2, 3]]);
    expect(cuts(['a', 'b'], published).map((cut) => offsets(cut.messages))).toEqual([[3], []]);
    const beyond = { a: [message('a', 1), message('a', 2, half + 1), message('a', 3, half)] };
    expect(cuts(['a'], beyond).map((cut) => offsets(cut.messages))).toEqual([[3]]);
  });

  it('counts bytes of messages alone: what lies between them takes no room', () => {
    const published = { a: [message('a', 1, MEBIBYTE - 10), status('a', 2), status('a', 3), message('a', 4, 10)] };
    expect(cuts(['a'], published).map((cut) => offsets(cut.messages))).toEqual([[1, 4]]);
  });

  it('has the newest message however long it is', () => {
    const published = { a: [message('a', 1), message('a', 2, 2 * MEBIBYTE)] };
    expect(cuts(['a'], published).map((cut) => offsets(cut.messages))).toEqual([[2]]);
  });
});
