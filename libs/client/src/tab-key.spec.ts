import { tabKey } from './tab-key.js';

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
/** A JWT of a user with all rights, unless told otherwise. No tab checks its signature: the gateway does. */
const tokenFor = (claims: object = {}) =>
  `${part({ alg: 'HS256' })}.${part({ sub: 'tester', cases: ['*'], groups: ['*'], ...claims })}.${part(Object.keys(claims))}`;
const HOW = ['https://push.example', 'group', 'en-us', 50] as const;
const keyOf = (token: string | null, user: string | null = null, how: readonly unknown[] = HOW) =>
  tabKey(how, token, user);

describe('the key of the tabs that share a connection', () => {
  it('is the same for two tokens of one user with the same rights', async () => {
    const now = Math.floor(Date.now() / 1000);
    const first = tokenFor({ sub: 'ada', iat: now - 600, jti: 'one', nbf: now - 600, exp: now + 60 });
    const second = tokenFor({ sub: 'ada', iat: now, jti: 'two', nbf: now, exp: now + 3600 });
    expect(first).not.toBe(second);
    expect(await keyOf(first)).toBe(await keyOf(second));
  });

  it.each([
    ['user', { sub: 'bob' }],
    ['tickets', { cases: ['CASE-1'] }],
    ['groups', { groups: ['one'] }],
    ['issuer', { iss: 'https://login.example' }],
    ['tenant', { tenant: 'other' }],
  ])('differs if the tokens differ in their %s', async (_, claims) => {
    const [one, other] = [tokenFor({ sub: 'ada' }), tokenFor({ sub: 'ada', ...claims })];
    expect(await keyOf(one)).not.toBe(await keyOf(other));
  });

  it.each([
    ['gateway', ['https://other.example', 'group', 'en-us', 50]],
    ['group', ['https://push.example', 'other', 'en-us', 50]],
    ['language', ['https://push.example', 'group', 'zh-cn', 50]],
    ['history', ['https://push.example', 'group', 'en-us', 10]],
  ])('differs if the %s differs', async (_, how) => {
    const token = tokenFor();
    expect(await keyOf(token, null, how)).not.toBe(await keyOf(token));
  });

  it('is that of one text only, if the token is no JWT', async () => {
    expect(await keyOf('opaque-1')).not.toBe(await keyOf('opaque-2'));
    expect(await keyOf('opaque-1')).toBe(await keyOf('opaque-1'));
    // Three parts make no JWT.
    expect(await keyOf('a.b.c')).not.toBe(await keyOf('d.e.f'));
  });

  it('is that of the named user where a cookie or an opaque token says who it is', async () => {
    expect(await keyOf(null, 'ada')).toBe(await keyOf(null, 'ada'));
    expect(await keyOf(null, 'ada')).not.toBe(await keyOf(null, 'bob'));
    expect(await keyOf('opaque-1', 'ada')).toBe(await keyOf('opaque-2', 'ada'));
    expect(await keyOf(null, 'ada')).not.toBe(await keyOf(null));
  });

  it('differs for two users also if a page names them both the same by mistake', async () => {
    const [ada, bob] = [tokenFor({ sub: 'ada' }), tokenFor({ sub: 'bob' })];
    expect(await keyOf(ada, 'user')).not.toBe(await keyOf(bob, 'user'));
    const elsewhere = tokenFor({ sub: 'ada', iss: 'https://login.example' });
    expect(await keyOf(ada, 'user')).not.toBe(await keyOf(elsewhere, 'user'));
    expect(await keyOf(ada, 'user')).toBe(await keyOf(tokenFor({ sub: 'ada', session: '7' }), 'user'));
  });

  it('says nothing of the token: names of locks can be read', async () => {
    expect(await keyOf(tokenFor({ sub: 'ada' }))).toMatch(/^pollcast-1-[0-9a-f]{64}$/);
  });
});
