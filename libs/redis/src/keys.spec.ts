import { Keys } from './keys.js';

/** Every text that the class can make: members are found by reflection, so that a new one cannot be forgotten. */
function texts(keys: Keys): [string, string][] {
  const members = Object.entries(Object.getOwnPropertyDescriptors(Keys.prototype));
  return members.flatMap(([name, { get, value }]) => {
    const made: unknown =
      get?.call(keys) ?? (name === 'constructor' ? [] : (value as Keys['due']).call(keys, 'a b' as never));
    return [made]
      .flat()
      .map((text): [string, string] => [name, text instanceof Object ? keys.base('f' as never) : String(text)]);
  });
}

describe('keys and channels', () => {
  it('begin with the prefix and a colon, so that one ACL pattern covers them all', () => {
    const all = texts(new Keys('p'));
    expect(all.length).toBeGreaterThan(20);
    expect(all.filter(([, text]) => !text.startsWith('p:'))).toEqual([]);
  });
});
