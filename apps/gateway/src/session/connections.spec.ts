import { connections, fakeOutlet, rights } from '../../test/test-connections.js';
import type { Outlet } from './outlet.js';

describe('Connections', () => {
  it('tells a client that its token has expired, and cuts the connection if the client does not go', () => {
    const all = connections();
    const outlet = fakeOutlet() satisfies Outlet;
    all.add(rights('a', 1000), outlet);
    all.sweep(999);
    expect(outlet.close).not.toHaveBeenCalled();
    all.sweep(1000);
    expect(outlet.close).toHaveBeenCalledWith(expect.objectContaining({ reason: 'token_expired' }));
    expect([all.count, all.remaining]).toEqual([0, 1]);
    all.sweep(Date.now());
    expect(outlet.destroy).not.toHaveBeenCalled();
    all.sweep(Date.now() + 3001);
    expect(outlet.destroy).toHaveBeenCalled();
  });

  it('closes a client that exceeds the unsent limit', () => {
    const all = connections();
    const outlet = { ...fakeOutlet(), unsentBytes: 1001 };
    all.add(rights('a'), outlet);
    all.sweep(0);
    expect(outlet.close).toHaveBeenCalledWith(expect.objectContaining({ reason: 'slow_consumer' }));
  });

  it('counts connections by subject, and those without a subject not at all', () => {
    const all = connections(1);
    const first = all.add(rights('a'), fakeOutlet());
    expect(() => all.add(rights('a'), fakeOutlet())).toThrow('at most 1 connections');
    all.add(rights('b'), fakeOutlet());
    all.gone(first);
    all.add(rights('a'), fakeOutlet());
    all.add(rights(null), fakeOutlet());
    all.add(rights(null), fakeOutlet());
    expect(all.count).toBe(4);
  });

  it('sends away the given number of clients, the oldest first', () => {
    const all = connections();
    const outlets = [fakeOutlet(), fakeOutlet(), fakeOutlet()];
    outlets.forEach((outlet) => all.add(rights('a'), outlet));
    all.close(2, 'draining');
    expect(outlets.map(({ close }) => close.mock.calls.length)).toEqual([1, 1, 0]);
  });
});
