import { LANGUAGES_PATTERN } from '#protocol';
import { Languages } from './languages.js';

describe('the language that is served', () => {
  const languages = new Languages('zh-cn', ['zh-cn', 'en-us', 'en-gb']);

  it.each<[named: string | null | undefined, served: string]>([
    ['zh-cn', 'zh-cn'],
    ['EN-US', 'en-us'],
    ['en-gb', 'en-gb'],
    ['en', 'en-us'],
    ['en-AU', 'en-us'],
    ['zh', 'zh-cn'],
    ['zh-Hans-CN', 'zh-cn'],
    ['zh-TW', 'zh-cn'],
    ['en-US-x-private', 'en-us'],
    ['de-DE,de;q=0.9,en-GB;q=0.8,en;q=0.7', 'en-gb'],
    ['en;q=0.5, zh;q=0.8', 'zh-cn'],
    ['en;q=0.9, zh', 'zh-cn'],
    ['zh;q=0.9, en', 'en-us'],
    ['en;q=0.1, en-gb;q=0.2', 'en-gb'],
    ['en;q=0', 'zh-cn'],
    ['zh-cn;q=0,en', 'en-us'],
    ['de', 'zh-cn'],
    ['*', 'zh-cn'],
    [null, 'zh-cn'],
    [undefined, 'zh-cn'],
  ])('for %j is %s', (named, served) => {
    expect(languages.match(named)).toBe(served);
    expect(named ?? 'none').toMatch(LANGUAGES_PATTERN);
  });

  it('is not found by a beginning that ends with a single character (RFC 4647, 3.4)', () => {
    const extended = new Languages('zh-cn', ['en-us', 'en-a-one']);
    expect(['en-a-one', 'en-a-two', 'en-a'].map((named) => extended.match(named))).toEqual([
      'en-a-one',
      'en-us',
      'en-us',
    ]);
  });

  it('is the usual one, even if the list does not have it', () => {
    const others = new Languages('FR-fr', ['en-us']);
    expect(['fr', 'fr-CA', 'de', null].map((named) => others.match(named))).toEqual(Array(4).fill('fr-fr'));
    expect(others.match('en')).toBe('en-us');
  });

  it('is one of the list, whatever a client invents', () => {
    const invented = Array.from({ length: 400 }, (_, at) => `x${String.fromCharCode(97 + (at % 26))}-${at}0`);
    expect(new Set(invented.map((named) => languages.match(named)))).toEqual(new Set(['zh-cn']));
  });

  it.each(['', '..', '">', 'en us', 'en,', ',en', 'en;q=2', 'en;x=1', 'en_US', 'toolonglanguage', 'é', 'en\n', '\0'])(
    'cannot be asked for by %j',
    (named) => {
      expect(named).not.toMatch(LANGUAGES_PATTERN);
    },
  );

  it('is found in a list of bounded length', () => {
    expect(Array(32).fill('en').join(',')).toMatch(LANGUAGES_PATTERN);
    expect(Array(33).fill('en').join(',')).not.toMatch(LANGUAGES_PATTERN);
  });
});
