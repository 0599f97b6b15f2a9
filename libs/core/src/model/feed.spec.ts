import fc from 'fast-check';
import { feedKey, GROUP_ID_PATTERN, parseFeedKey } from './feed.js';

describe('feedKey', () => {
  it('is read back as the feed that it was made from', () => {
    const groups = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 64 })
      .filter((id) => GROUP_ID_PATTERN.test(id));
    fc.assert(
      fc.property(groups, (groupId) => {
        const key = feedKey({ language: 'zh-cn', groupId });
        expect(parseFeedKey(key)).toEqual({ language: 'zh-cn', groupId });
        // Any other character would end a hash tag, or BullMQ would refuse it in a job id.
        expect(key).toMatch(/^[^:{}\s]+$/);
      }),
    );
    expect(parseFeedKey(feedKey({ language: 'zh-cn' }))).toEqual({ language: 'zh-cn' });
  });

  it('is the same for upper and lower case of a language', () => {
    expect(feedKey({ language: 'EN-us' })).toBe(feedKey({ language: 'en-US' }));
  });

  it('differs for each group, and for no group', () => {
    const keys = [undefined, 'a', 'b', 'a/b', 'a%2Fb'].map((groupId) =>
      feedKey(groupId === undefined ? { language: 'en' } : { language: 'en', groupId }),
    );
    expect(new Set(keys).size).toBe(5);
  });
});
