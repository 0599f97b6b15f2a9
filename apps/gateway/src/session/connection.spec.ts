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
  return { outlet, tooSlow, counters, connection };
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

  it('writes a replay to its end before anything else can be written, in pieces that are not too long', () => {
    const { outlet, counters, connection } = connected();
    const counted = jest.spyOn(counters, 'replayed');
    const steps: string[] = [];
    outlet.collectPast.mockImplementation(() => (steps.push('collect') === 2 ? 65_536 : 65_535));
    outlet.flush.mockImplementation(() => steps.push('flush') > 0);
    connection.replay({ replay: [publication, publication, publication], isShared: false }, FEED);
    expect(steps).toEqual(['collect', 'collect', 'flush', 'collect', 'flush']);
    connection.replayPart({ publications: [publication], sharing: 'publications' }, FEED);
    connection.replayPart({ publications: [publication, publication], sharing: 'part' }, FEED);
    expect(steps.slice(5)).toEqual(['collect', 'flush']);
    expect(counted.mock.calls).toEqual([
      [3, 'sse'],
      [1, 'sse'],
      [2, 'sse'],
    ]);
  });

  it.each<[string, (connection: Connection, isOver: () => boolean) => Promise<void>]>([
    ['another replay', (connection, isOver) => connection.room(isOver)],
    ['more of a replay', (connection) => connection.roomForMore()],
  ])('waits for room for %s only as long as somebody waits for that', async (_, waits) => {
    const { outlet, connection, tooSlow } = connected();
    outlet.unsentBytes = 65_537;
    let hasRoom = false;
    const waiting = waits(connection, () => !connection.isOpen).then(() => (hasRoom = true));
    const turns = async () => {
      for (let left = 5; left > 0; left -= 1) await new Promise((resolve) => setImmediate(resolve));
    };
    await turns();
    expect(hasRoom).toBe(false);
    connection.isOpen = false;
    await turns();
    const isOver = hasRoom;
    outlet.unsentBytes = 65_536; // It is enough in any case.
    await waiting;
    expect([isOver, tooSlow.mock.calls]).toEqual([true, []]);
  });
});
