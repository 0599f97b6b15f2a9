import { HandshakeRate } from './handshake-rate.js';

const REFUSED = expect.objectContaining({ code: 'too_many', details: expect.objectContaining({ status: 429 }) });

describe('HandshakeRate', () => {
  let now = 1_700_000_000_000;
  const clock = () => now;
  /** How many handshakes of one address are allowed at this instant, of `tried` ones. */
  function allowed(rate: HandshakeRate, address: string, tried: number): number {
    let count = 0;
    for (let at = 0; at < tried; at += 1) {
      try {
        rate.take(address);
        count += 1;
      } catch (error) {
        expect(error).toEqual(REFUSED);
      }
    }
    return count;
  }

  it('allows what comes in 20 s at once, and then its rate, to each address for itself', () => {
    const rate = new HandshakeRate(1000, 10, clock);
    expect(allowed(rate, 'a', 500)).toBe(201);
    expect(allowed(rate, 'b', 500)).toBe(201);
    now += 1000;
    expect(allowed(rate, 'a', 500)).toBe(10);
    now += 60_000;
    expect(allowed(rate, 'a', 500)).toBe(201);
  });

  it('bounds all addresses together', () => {
    const rate = new HandshakeRate(10, 1000, clock);
    const addresses = Array.from({ length: 500 }, (_, number) => `address ${number}`);
    expect(addresses.filter((address) => allowed(rate, address, 1) === 1)).toHaveLength(201);
    now += 500;
    expect(allowed(rate, 'another', 500)).toBe(5);
  });

  it('says when to come back', () => {
    const rate = new HandshakeRate(1000, 1, clock);
    expect(allowed(rate, 'a', 21)).toBe(21);
    expect(() => rate.take('a')).toThrow('at most 1 connections per second from one address may begin');
    expect(() => rate.take('a')).toThrow(expect.objectContaining({ details: { status: 429, retryMs: 2000 } }));
    now += 2000;
    expect(allowed(rate, 'a', 5)).toBe(2);
  });
});
