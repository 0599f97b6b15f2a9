import fc from 'fast-check';
import { feedKey, GROUP_ID_PATTERN, LANGUAGE_PATTERN, parseFeedKey, type FeedKey } from './feed.js';

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

  it('begins with the language, even where that is empty', () => {
    expect(parseFeedKey('/g' as FeedKey)).toEqual({ language: '', groupId: 'g' });
  });
});

describe('a group id', () => {
  it.each(['g', 'Group 7/b:{x}', '工单', 'x'.repeat(64), '\u{1f600}'.repeat(64)])('may be %j', (id) => {
    expect(id).toMatch(GROUP_ID_PATTERN);
  });

  it.each(['', 'x'.repeat(65), 'a\u0000', '\u0000a', 'a\nb', 'a\n', '\ud800', 'a\ud800'])('may not be %j', (id) => {
    expect(id).not.toMatch(GROUP_ID_PATTERN);
  });
});

describe('a language', () => {
  it.each(['en', 'zh-cn', 'EN-us', 'zho', 'zh-Hans-CN', 'es-419', 'de-12345678-ab'])('may be %j', (language) => {
    expect(language).toMatch(LANGUAGE_PATTERN);
  });

  const WRONG = ['', 'e', 'engl', '1n', 'en-', 'en-u', 'en_us', 'en-123456789', 'en-us-x', 'en-us-ab-cd', 'en-ü1'];
  it.each([...WRONG, ' en', 'en ', 'en\n', '-en', 'xx en-us', 'en-us,zh'])('may not be %j', (language) => {
    expect(language).not.toMatch(LANGUAGE_PATTERN);
  });
});
