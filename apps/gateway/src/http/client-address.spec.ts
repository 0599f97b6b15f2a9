import type { IncomingMessage } from 'node:http';
import { ClientAddresses } from './client-address.js';

const PROXY = '10.0.0.1';

describe('ClientAddresses', () => {
  const addresses = new ClientAddresses(['10.0.0.0/8']);
  const of = (remoteAddress: string, headers: Record<string, string> = {}) =>
    addresses.of({ headers, socket: { remoteAddress } } as unknown as IncomingMessage);

  it('believes nobody but a proxy of TRUST_PROXY', () => {
    expect(of('192.0.2.7', { 'x-forwarded-for': '198.51.100.1', forwarded: 'for=198.51.100.2' })).toBe('192.0.2.7');
    expect(new ClientAddresses([]).of({ headers: {}, socket: { remoteAddress: PROXY } } as never)).toBe(PROXY);
  });

  it.each<[string, Record<string, string>, string]>([
    ['X-Forwarded-For', { 'x-forwarded-for': '198.51.100.1' }, '198.51.100.1'],
    ['what a client invents in front', { 'x-forwarded-for': '6.6.6.6, 198.51.100.1' }, '198.51.100.1'],
    ['two proxies', { 'x-forwarded-for': '198.51.100.1, 10.0.0.2' }, '198.51.100.1'],
    ['Forwarded', { forwarded: 'for=198.51.100.1;proto=https' }, '198.51.100.1'],
    ['Forwarded with a port', { forwarded: 'for=6.6.6.6, for="198.51.100.1:4711"' }, '198.51.100.1'],
    ['Forwarded of IPv6', { forwarded: 'for="[2001:db8:cafe::17]:4711"' }, '2001:db8:cafe:0'],
    [
      'Forwarded before X-Forwarded-For',
      { forwarded: 'for=198.51.100.1', 'x-forwarded-for': '6.6.6.6' },
      '198.51.100.1',
    ],
    [
      'X-Forwarded-For beside an unreadable Forwarded',
      { forwarded: '"', 'x-forwarded-for': '198.51.100.1' },
      '198.51.100.1',
    ],
    ['no header', {}, PROXY],
  ])('reads %s', (_what, headers, address) => {
    expect(of(PROXY, headers)).toBe(address);
  });

  it('takes an IPv6 network for one client, and an IPv4 address in IPv6 for what it is', () => {
    expect(of('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2');
    expect(of('2001:db8:1:2::ffff')).toBe('2001:db8:1:2');
    expect(of('::1')).toBe('0:0:0:0');
    expect(of('::ffff:192.0.2.7')).toBe('192.0.2.7');
  });
});
