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

  it('are evicted after they had no subscriber for the whole time, also where the store is out of reach then', async () => {
    const unwatch = jest.fn(() => Promise.reject(new Error('out of reach')));
    const topics = new Topics(KEY, { watch: async () => undefined, unwatch });
    const [topic] = topics.enter(['a']);
    if (topic === undefined) throw new Error('no topic');
    topic.pending = 0;
    topics.evictIdle(0, 1000);
    topic.pending = 1; // Somebody came,
    topics.evictIdle(500, 1000);
    topic.pending = 0; // and left.
    topics.evictIdle(1000, 1000);
    topics.evictIdle(1999, 1000);
    expect(topics.size).toBe(1);
    topics.evictIdle(2000, 1000);
    expect([topics.size, unwatch.mock.calls]).toEqual([0, [[KEY, ['a']]]]);
    const unhandled = jest.fn();
    process.once('unhandledRejection', unhandled);
    await new Promise((resolve) => setImmediate(resolve));
    process.removeListener('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });
});
