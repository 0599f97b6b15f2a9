import { BackfillNotices } from './backfill-notices.js';
import type { HistorySnapshot } from './ports/broker.js';
import type { Notice, Subscriber } from './subscription.js';
import { Topic } from './topic.js';

const snapshot = (pending: readonly string[], offset = 0): HistorySnapshot => ({
  ...{ epoch: 'epoch0001', offset, upstream: { state: 'ok', since: 0 }, quarantined: [], pending },
  tickets: ['a', 'b'].map((caseId) => ({
    caseId,
    publications: [],
    completeAfter: 0,
    exhausted: true,
    readStatus: null,
  })),
});

describe('what is told of first polls', () => {
  let told: Notice[];
  let topics: Map<string, Topic>;
  let notices: BackfillNotices;
  beforeEach(() => {
    told = [];
    topics = new Map(['a', 'b'].map((caseId) => [caseId, new Topic(caseId, Promise.resolve())]));
    const subscriber = { notify: (notice: Notice) => told.push(notice) } as unknown as Subscriber;
    topics.forEach((topic) => topic.subscribers.add(subscriber));
    notices = new BackfillNotices((caseId) => topics.get(caseId));
  });
  const states = () => [...topics.values()].map(({ backfill }) => backfill);

  it('is nothing for tickets that did not wait', () => {
    notices.learn([snapshot([])]);
    notices.completed(['a', 'elsewhere']);
    expect([states(), told]).toEqual([['complete', 'complete'], []]);
  });

  it('is one notice for those that waited, by a notice or by a history', () => {
    notices.learn([snapshot(['a', 'b'])]);
    expect(states()).toEqual(['pending', 'pending']);
    notices.completed(['a']);
    notices.learn([snapshot([])]);
    notices.completed(['a', 'b']);
    expect(told).toEqual([
      { kind: 'backfilled', caseIds: ['a'] },
      { kind: 'backfilled', caseIds: ['b'] },
    ]);
  });

  it('is not undone by a history that was read before the notice', () => {
    notices.completed(['a']);
    notices.learn([snapshot(['a', 'b', 'of nobody'])]);
    expect(states()).toEqual(['complete', 'pending']);
  });
});
