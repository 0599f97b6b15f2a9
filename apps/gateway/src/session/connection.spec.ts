import { Registry } from 'prom-client';
import type { Publication } from '#core';
import { DeliveryMetrics } from '#ops';
import { fakeOutlet } from '../../test/test-connections.js';
import { Connection } from './connection.js';
import { DeliveryCounters } from './delivery-counters.js';
import { TickWrites } from './tick-writes.js';
import { UnsentLimit } from './unsent-limit.js';

const FEED = { language: 'en-us' };
const publication = { seenAt: 0 } as Publication;
const endOfTick = () => new Promise((resolve) => setImmediate(resolve));

function connected(outlet = fakeOutlet()) {
  const tooSlow = jest.fn();
  const counters = new DeliveryCounters(new DeliveryMetrics(new Registry()));
  const connection = new Connection(outlet, new UnsentLimit(1000), counters, new TickWrites(), { tooSlow });
  return { outlet, tooSlow, deliver: (more: boolean) => connection.deliver(publication, FEED, more) };
}

describe('Connection', () => {
  it('writes what came alone at once', async () => {
    const { outlet, deliver } = connected();
    deliver(false);
    expect(outlet.send).toHaveBeenCalledTimes(1);
    await endOfTick();
    expect([outlet.send.mock.calls.length, outlet.flush.mock.calls.length]).toEqual([1, 0]);
  });

  it('writes what came together once, when all of it is there', async () => {
    const { outlet, deliver } = connected();
    [true, true, false].forEach(deliver);
    expect([outlet.publish, outlet.send, outlet.flush].map(({ mock }) => mock.calls.length)).toEqual([3, 0, 0]);
    await endOfTick();
    expect(outlet.flush).toHaveBeenCalledTimes(1);
  });

  it('writes a long run without waiting for the rest of it', () => {
    const { outlet, deliver } = connected({ ...fakeOutlet(), publish: jest.fn(() => 65_536) });
    deliver(true);
    expect(outlet.flush).toHaveBeenCalledTimes(1);
  });

  it('looks at what is unsent only where the outlet says that there may be much', () => {
    const slow = { ...fakeOutlet(), unsentBytes: 1001 };
    const { tooSlow, deliver } = connected(slow);
    slow.send.mockReturnValueOnce(true);
    deliver(false);
    expect(tooSlow).not.toHaveBeenCalled();
    deliver(false);
    expect(tooSlow).toHaveBeenCalledTimes(1);
  });
});
