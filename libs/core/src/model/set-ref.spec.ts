import { feedKey } from './feed.js';
import { setName } from './set-ref.js';

describe('the name of a ticket set', () => {
  it('has the feed and the number, and no colon', () => {
    expect(setName({ feed: feedKey({ language: 'zh-cn', groupId: 'a:b' }), id: 7 })).toBe('zh-cn/a%3Ab/7');
  });
});
