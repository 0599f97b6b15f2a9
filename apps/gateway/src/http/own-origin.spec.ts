import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { OwnOrigins } from './own-origin.js';

const PROXY = '10.1.2.3';
const of = (headers: IncomingHttpHeaders, remoteAddress: string | undefined = PROXY, publicUrl = '') =>
  new OwnOrigins(publicUrl, ['10.0.0.0/8']).of({ headers, socket: { remoteAddress } } as unknown as IncomingMessage);

describe('the own origin of a gateway', () => {
  const host = 'push.example';
  it.each<[string, IncomingHttpHeaders, string | null, string, string]>([
    ['Host alone', { host }, null, host, 'Host'],
    ['a scheme', { host, 'x-forwarded-proto': 'HTTPS' }, 'https', host, 'Host'],
    ['X-Forwarded-Host', { host: 'inner', 'x-forwarded-host': host }, null, host, 'X-Forwarded-Host'],
    ['a port of its own', { host, 'x-forwarded-port': '8443' }, null, `${host}:8443`, 'Host'],
    [
      'a port beside one in the name',
      { host: `${host}:3000`, 'x-forwarded-port': '8443' },
      null,
      `${host}:3000`,
      'Host',
    ],
    ['a port that is none', { host, 'x-forwarded-port': 'x' }, null, host, 'Host'],
    [
      'Forwarded before the others',
      {
        ...{ forwarded: 'proto=https;host=push.example', host: 'inner' },
        ...{ 'x-forwarded-proto': 'http', 'x-forwarded-host': 'other' },
      },
      'https',
      host,
      'Forwarded',
    ],
    ['an unreadable Forwarded', { forwarded: '"', host, 'x-forwarded-proto': 'https' }, 'https', host, 'Host'],
    ['the first of several', { host: 'inner', 'x-forwarded-host': `${host}, inner` }, null, host, 'X-Forwarded-Host'],
  ])('is named by a trusted proxy with %s', (_what, headers, scheme, authority, source) => {
    expect(of(headers)).toEqual({ scheme, authority, source });
  });

  it('is what Host says where nobody is trusted, or the connection has ended', () => {
    const headers = {
      host,
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      forwarded: 'host=e.example',
    };
    const plain = { scheme: null, authority: host, source: 'Host' };
    expect(of(headers, '192.0.2.1')).toEqual(plain);
    expect(new OwnOrigins('', ['10.0.0.0/8']).of({ headers, socket: {} } as unknown as IncomingMessage)).toEqual(plain);
  });

  it('is PUBLIC_URL where that is set', () => {
    const named = { scheme: 'https', authority: 'push.example:8443', source: 'PUBLIC_URL' };
    expect(of({ host: 'inner', 'x-forwarded-host': 'other' }, PROXY, 'https://push.example:8443/')).toEqual(named);
  });
});
