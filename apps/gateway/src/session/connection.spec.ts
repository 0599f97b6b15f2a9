import { Registry } from 'prom-client';
import type { Publication } from '#core';
import { DeliveryMetrics } from '#ops';
import { fakeOutlet } from '../../test/test-connections.js';
import { Connection } from './connection.js';
import { DeliveryCounters } from './delivery-counters.js';
import { UnsentLimit } from './unsent-limit.js';

const FEED = { language: 'en-us' };
const publication = { seenAt: 0 } as Publication;

function connected(outlet = fakeOutlet()) {
  const tooSlow = jest.fn();
  const counters = new DeliveryCounters(new DeliveryMetrics(new Registry()));
  const connection = new Connection(outlet, new UnsentLimit(1000), counters, { tooSlow });
  return { outlet, tooSlow, connection };
}

describe('Connection', () => {
  it('writes once what was published together', () => {
    const { outlet, connection } = connected();
    expect(connection.collect(publication, FEED)).toBe(true);
    expect(connection.collect(publication, FEED)).toBe(false);
    expect([outlet.collect, outlet.flush].map(({ mock }) => mock.calls.length)).toEqual([2, 0]);
    connection.flush();
    expect(outlet.flush).toHaveBeenCalledTimes(1);
    expect(connection.collect(publication, FEED)).toBe(true);
  });

  it('writes a long run without waiting for the rest of it', () => {
    const { outlet, connection } = connected({ ...fakeOutlet(), collect: jest.fn(() => 65_536) });
    connection.collect(publication, FEED);
    expect(outlet.flush).toHaveBeenCalledTimes(1);
  });

  it('writes a replay that others get as well in the pieces that they share', () => {
    const { outlet, connection } = connected();
    const replay = [publication, publication];
    connection.replay({ replay, isShared: true }, FEED);
    expect(outlet.replay.mock.calls).toEqual([[replay, FEED]]);
    expect(outlet.collectPast).not.toHaveBeenCalled();
    connection.replay({ replay, isShared: false }, FEED);
    expect([outlet.replay, outlet.collectPast].map(({ mock }) => mock.calls.length)).toEqual([1, 2]);
  });

  it.each([
    ['none', [[[publication], FEED, false]], 0],
    ['part', [[[publication], FEED, true]], 0],
    ['publications', [], 1],
  ] as const)('writes a part of a long replay of which others may get: %s', (sharing, parts, collected) => {
    const { outlet, connection } = connected();
    connection.replayPart({ publications: [publication], sharing }, FEED);
    expect(outlet.replayPart.mock.calls).toEqual(parts);
    expect([outlet.collectPast, outlet.flush].map(({ mock }) => mock.calls.length)).toEqual([collected, collected]);
  });

  it('looks at the unsent bytes only if the outlet says that there may be many', () => {
    const slow = { ...fakeOutlet(), unsentBytes: 1001 };
    const { tooSlow, connection } = connected(slow);
    slow.send.mockReturnValueOnce(true);
    connection.send(publication, FEED);
    expect(tooSlow).not.toHaveBeenCalled();
    connection.send(publication, FEED);
    expect(tooSlow).toHaveBeenCalledTimes(1);
  });

  it('writes no live publication once it is not open any more', () => {
    const { outlet, connection } = connected();
    connection.collect(publication, FEED);
    connection.isOpen = false;
    connection.send(publication, FEED);
    connection.collect(publication, FEED);
    connection.flush();
    expect([outlet.collect, outlet.send, outlet.flush].map(({ mock }) => mock.calls.length)).toEqual([1, 0, 0]);
  });
});
