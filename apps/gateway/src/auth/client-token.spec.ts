import type { IncomingMessage } from 'node:http';
import { tokenOf, tokenOfHandshake } from './client-token.js';

const request = (headers: IncomingMessage['headers']) => ({ headers }) as IncomingMessage;
const query = (text: string) => new URLSearchParams(text);

describe('the token', () => {
  it('is looked for in header, cookie and query, in this order', () => {
    const cookie = 'a=1; pollcast_token=from-cookie; b=2';
    expect(tokenOf(request({ authorization: 'Bearer from-header', cookie }), query('access_token=q'))).toBe(
      'from-header',
    );
    expect(tokenOf(request({ 'x-auth-token': 'from-x', cookie }), query('access_token=q'))).toBe('from-x');
    expect(tokenOf(request({ authorization: 'Bearer b', 'x-auth-token': 'x' }), query(''))).toBe('b');
    expect(tokenOf(request({ cookie }), query('access_token=q'))).toBe('from-cookie');
    expect(tokenOf(request({}), query('access_token=q'))).toBe('q');
    expect(tokenOf(request({ authorization: 'Basic x', cookie: 'xpollcast_token=no' }), query(''))).toBeUndefined();
  });

  it('of a cookie is all that stands behind its name, and of no other name', () => {
    const others = 'pollcast_token2=no; xpollcast_token=no; =no; pollcast_token';
    expect(tokenOf(request({ cookie: others }), query(''))).toBeUndefined();
    expect(tokenOf(request({ cookie: `${others}; pollcast_token=a=b== ; pollcast_token=c` }), query(''))).toBe('a=b==');
  });

  it('is not an empty header', () => {
    const cookie = 'pollcast_token=c';
    expect(tokenOf(request({ 'x-auth-token': '', cookie }), query(''))).toBe('c');
    expect(tokenOf(request({ 'x-auth-token': '' }), query('access_token=q'))).toBe('q');
    expect(tokenOf(request({ authorization: 'Bearer ', 'x-auth-token': 'x' }), query(''))).toBe('x');
  });

  it('of a handshake is auth.token first', () => {
    expect(tokenOfHandshake({ token: 'a' }, { authorization: 'Bearer b' }, false)).toBe('a');
    expect(tokenOfHandshake({ token: 7 }, { authorization: 'bearer b' }, false)).toBe('b');
    expect(tokenOfHandshake({}, { 'x-auth-token': 'x' }, true)).toBe('x');
    expect(tokenOfHandshake({}, {}, false)).toBeUndefined();
    expect(tokenOfHandshake({}, {}, true)).toBeUndefined();
  });

  const cookie = 'pollcast_token=c';
  const origin = 'https://app.example';
  it.each<[IncomingMessage['headers'], boolean, boolean]>([
    [{ cookie }, true, false],
    [{ cookie, origin }, true, true],
    [{ cookie, origin, 'sec-fetch-site': 'cross-site' }, true, true],
    [{ cookie, 'sec-fetch-site': 'same-origin' }, true, true],
    [{ cookie, 'sec-fetch-site': 'none' }, true, true],
    [{ cookie, 'sec-fetch-site': 'same-site' }, false, false],
    [{ cookie, 'sec-fetch-site': 'cross-site' }, false, false],
    [{ cookie, 'sec-fetch-site': 'nonsense' }, false, false],
  ])('of a cookie counts for %j: %s; with long polling: %s', (headers, isCounted, isCountedWithPolling) => {
    const refusal = expect.objectContaining({
      code: 'unauthorized',
      message: expect.stringContaining('does not count'),
    });
    const outcome = (read: () => string | undefined) => {
      try {
        return read();
      } catch (error) {
        return error;
      }
    };
    expect(outcome(() => tokenOf(request(headers), query('')))).toEqual(isCounted ? 'c' : refusal);
    expect(outcome(() => tokenOfHandshake({}, headers, false))).toEqual(isCounted ? 'c' : refusal);
    expect(outcome(() => tokenOfHandshake({}, headers, true))).toEqual(isCountedWithPolling ? 'c' : refusal);
    expect(tokenOf(request(headers), query('access_token=q'))).toBe(isCounted ? 'c' : 'q');
    expect(tokenOf(request({ ...headers, authorization: 'Bearer b' }), query(''))).toBe('b');
  });
});
