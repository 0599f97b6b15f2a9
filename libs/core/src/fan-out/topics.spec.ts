import { feedKey } from '../model/feed.js';
import { Topics } from './topics.js';

const KEY = feedKey({ language: 'en-us' });

function setUp() {
  const watched: (readonly string[])[] = [];
  const broker = {
    watch: async (_: string, caseIds: readonly string[]) => void watched.push(caseIds),
    unwatch: async () => undefined,
  };
  return { topics: new Topics(KEY, broker), watched };
}

describe('Topics', () => {
  it('watches a ticket once, for any number of subscriptions', () => {
    const { topics, watched } = setUp();
    const [first] = topics.enter(['a']);
    const [again] = topics.enter(['a', 'b']);
    topics.enter(['b', 'a']);
    expect(again).toBe(first);
    expect(watched).toEqual([['a'], ['b']]);
  });

  it('says which rule was broken when a ticket is used that no subscription holds', () => {
    expect(() => setUp().topics.of('a')).toThrow('a subscription holds a ticket that is not watched');
  });

  it('know the read status that is the newest, also where an older one comes later, or one that is not known', () => {
    const [topic] = setUp().topics.enter(['a']);
    const statuses = (
      [
        [0, 0],
        [1, 5],
        [2, 4],
        [3, 5],
        [null, 6],
        [4, 5],
      ] as const
    ).map(([status, offset]) => {
      topic?.learnStatus(status, offset);
      return topic?.readStatus;
    });
    expect(statuses).toEqual([0, 1, 1, 3, 3, 3]);
  });
});
