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
});
