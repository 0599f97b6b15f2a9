import { Registry } from 'prom-client';
import { Hub, Interest } from '#core';
import { DeliveryMetrics } from '#ops';
import type { ClosingData } from '#protocol';
import { TestStore } from '../../test/test-store.js';
import { Rights } from '../auth/rights.js';
import { Connections } from './connections.js';
import { DeliveryTally } from './delivery-tally.js';
import type { Outlet } from './outlet.js';
import { TickWrites } from './tick-writes.js';

const fakeOutlet = () => ({
  transport: 'sse' as const,
  unsentBytes: 0,
  begin: jest.fn(),
  settle: jest.fn(),
  publish: jest.fn(() => 0),
  flush: jest.fn(),
  notify: jest.fn(),
  joined: jest.fn(),
  left: jest.fn(),
  beat: jest.fn(),
  farewell: jest.fn<void, [ClosingData]>(),
  destroy: jest.fn(),
});
const rights = (subject: string | null, expiresAt = Number.POSITIVE_INFINITY) =>
  new Rights(subject, expiresAt, { cases: ['*'], groups: [], hints: false });

function connections(maxPerSubject = 20): Connections {
  const { broker, registry, queue, clock } = new TestStore();
  const hub = new Hub({ broker, wait: async () => undefined }, { historyMax: 10, tailMax: 10, idleMs: 0 });
  const interest = new Interest({ registry, queue, clock }, 0);
  const tally = new DeliveryTally(new DeliveryMetrics(new Registry()));
  const limits = { maxCases: 10, maxUnsentBytes: 1000 };
  return new Connections(
    { hub, interest, tally, writes: new TickWrites(), ...limits, onTrouble: () => undefined },
    maxPerSubject,
  );
}

describe('Connections', () => {
  it('tells a client whose token ran out, and cuts it if it does not go', () => {
    const all = connections();
    const outlet = fakeOutlet() satisfies Outlet;
    all.add(rights('a', 1000), outlet);
    all.sweep(999);
    expect(outlet.farewell).not.toHaveBeenCalled();
    all.sweep(1000);
    expect(outlet.farewell).toHaveBeenCalledWith(expect.objectContaining({ reason: 'token_expired' }));
    expect([all.count, all.remaining]).toEqual([0, 1]);
    all.sweep(Date.now());
    expect(outlet.destroy).not.toHaveBeenCalled();
    all.sweep(Date.now() + 3001);
    expect(outlet.destroy).toHaveBeenCalled();
  });

  it('closes a client of which more is unsent than may be', () => {
    const all = connections();
    const outlet = { ...fakeOutlet(), unsentBytes: 1001 };
    all.add(rights('a'), outlet);
    all.sweep(0);
    expect(outlet.farewell).toHaveBeenCalledWith(expect.objectContaining({ reason: 'slow_consumer' }));
  });

  it('counts by subject, and nobody in particular not at all', () => {
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

  it('sends away as many as it is told, the oldest first', () => {
    const all = connections();
    const outlets = [fakeOutlet(), fakeOutlet(), fakeOutlet()];
    outlets.forEach((outlet) => all.add(rights('a'), outlet));
    all.close(2, 'draining');
    expect(outlets.map(({ farewell }) => farewell.mock.calls.length)).toEqual([1, 1, 0]);
  });
});
