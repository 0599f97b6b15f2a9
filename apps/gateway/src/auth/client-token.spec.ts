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
    expect(tokenOf(request({ cookie }), query('access_token=q'))).toBe('from-cookie');
    expect(tokenOf(request({}), query('access_token=q'))).toBe('q');
    expect(tokenOf(request({ authorization: 'Basic x', cookie: 'xpollcast_token=no' }), query(''))).toBeUndefined();
  });

  it('of a handshake is auth.token first', () => {
    expect(tokenOfHandshake({ token: 'a' }, { authorization: 'Bearer b' })).toBe('a');
    expect(tokenOfHandshake({ token: 7 }, { authorization: 'bearer b' })).toBe('b');
    expect(tokenOfHandshake({}, {})).toBeUndefined();
  });
});
