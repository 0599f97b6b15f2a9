import { QuarantineNotices } from './quarantine-notices.js';
import type { HistorySnapshot } from './ports/broker.js';
import type { Notice } from './subscription.js';
import { Topic } from './topic.js';

function setup() {
  const topics = new Map(['a', 'b'].map((caseId) => [caseId, new Topic(caseId, Promise.resolve())]));
  const told: Notice[] = [];
  const subscriber = {
    replay: async () => undefined,
    recover: () => undefined,
    deliver: () => undefined,
    notify: (one: Notice) => told.push(one),
  };
  topics.forEach((topic) => topic.subscribers.add(subscriber));
  const notices = new QuarantineNotices((caseId) => topics.get(caseId));
  return { notices, told, isQuarantined: (caseId: string) => topics.get(caseId)?.quarantined };
}

/** A history of both tickets. */
function snapshot(...quarantined: string[]): HistorySnapshot {
  const tickets = ['a', 'b'].map((caseId) => ({
    caseId,
    publications: [],
    completeAfter: 0,
    exhausted: true,
    readStatus: null,
  }));
  return { epoch: 'epoch0001', offset: 0, upstream: { state: 'ok', since: 0 }, quarantined, pending: [], tickets };
}

describe('QuarantineNotices', () => {
  it('sends subscribers one notice of a refused ticket, and none when the quarantine ends', () => {
    const { notices, told, isQuarantined } = setup();
    notices.changed('a', true);
    notices.changed('a', true);
    notices.learn([snapshot('a')], notices.noticeCount);
    expect(told).toEqual([{ kind: 'revoked', caseIds: ['a'] }]);
    notices.changed('a', false);
    expect(isQuarantined('a')).toBe(false);
    expect(told).toHaveLength(1);
  });

  it('sends one notice for all tickets that only history names', () => {
    const { notices, told } = setup();
    notices.learn([snapshot('a', 'b')], notices.noticeCount);
    expect(told).toEqual([{ kind: 'revoked', caseIds: ['a', 'b'] }]);
  });

  it('prefers a notice that arrived while history was read to the history', () => {
    const { notices, isQuarantined } = setup();
    const { noticeCount } = notices;
    notices.changed('a', true);
    notices.learn([snapshot('b')], noticeCount);
    expect([isQuarantined('a'), isQuarantined('b')]).toEqual([true, true]);
    notices.learn([snapshot()], notices.noticeCount);
    expect([isQuarantined('a'), isQuarantined('b')]).toEqual([false, false]);
  });

  it('ignores tickets that have no topic here', () => {
    const { notices, told } = setup();
    notices.changed('elsewhere', true);
    const left = { caseId: 'elsewhere', publications: [], completeAfter: 0, exhausted: true, readStatus: null };
    const read = snapshot('elsewhere', 'b');
    notices.learn([{ ...read, tickets: [left, ...read.tickets] }], notices.noticeCount);
    expect(told).toEqual([{ kind: 'revoked', caseIds: ['b'] }]);
  });
});
