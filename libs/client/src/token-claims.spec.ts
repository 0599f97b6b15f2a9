import { claimsOf, endOf } from './token-claims.js';

const jwt = (claims: unknown) => `head.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.signature`;

describe('the claims of a token', () => {
  it('say when it ends, in seconds: the end is in milliseconds', () => {
    expect(endOf(jwt({ exp: 1_800_000_000 }))).toBe(1_800_000_000_000);
    expect(endOf(jwt({ exp: '1800000000' }))).toBeNull();
    expect(endOf(jwt({}))).toBeNull();
  });

  it('are read whichever characters of base64url they take', () => {
    const claims = { sub: '?>~~~???>>>' };
    expect(jwt(claims)).toMatch(/-.*_|_.*-/);
    expect(claimsOf(jwt(claims))).toEqual(claims);
  });

  it.each(['opaque', 'a.b.c', '', jwt('text'), jwt(null)])('are none of %j', (token) => {
    expect(claimsOf(token)).toBeNull();
    expect(endOf(token)).toBeNull();
  });
});
