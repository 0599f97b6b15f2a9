import { ManualClock } from '#testing';
import { feedKey } from '../model/feed.js';
import { UnknownTickets } from './unknown-tickets.js';

const FEED = feedKey({ language: 'en-us' });
const OTHER = feedKey({ language: 'en-us', groupId: 'g' });
const LINGER_MS = 30_000;
const MOST = 3;
/** When to try again while tickets are new, and for how long they are, ms. */
const [SOON_MS, NEW_MS] = [2000, 10_000];

describe('UnknownTickets', () => {
  const known = new Set<string>();
  const registry = {
    unknown: jest.fn(async (_: string, caseIds: readonly string[]) => caseIds.filter((caseId) => !known.has(caseId))),
  };
  let clock: ManualClock;
  let tickets: UnknownTickets;
  beforeEach(() => {
    known.clear();
    registry.unknown.mockClear();
    clock = new ManualClock();
    tickets = new UnknownTickets(registry, clock, { most: MOST, lingerMs: LINGER_MS });
  });
  const tooMany = (retryMs: number) => expect.objectContaining({ name: 'TooManyUnknownTickets', most: MOST, retryMs });

  it('are bounded for each subject, over all of its feeds, and a ticket counts once', async () => {
    await tickets.take('alice', FEED, ['a', 'b']);
    await tickets.take('alice', OTHER, ['a']);
    await tickets.take('alice', FEED, ['a', 'b']);
    await expect(tickets.take('alice', OTHER, ['b'])).rejects.toEqual(tooMany(SOON_MS));
    clock.advance(NEW_MS);
    await expect(tickets.take('alice', OTHER, ['b'])).rejects.toEqual(tooMany(LINGER_MS));
    await tickets.take('bob', OTHER, ['b', 'c', 'd']);
  });

  it('are none of those that are refused', async () => {
    await expect(tickets.take('alice', FEED, ['a', 'b', 'c', 'd'])).rejects.toEqual(tooMany(SOON_MS));
    await tickets.take('alice', FEED, ['d', 'e', 'f']);
  });

  it('do not count when something of them is published, which is asked about at most once a second', async () => {
    await tickets.take('alice', FEED, ['a', 'b', 'c']);
    known.add('b').add('c').add('k');
    await tickets.take('alice', FEED, ['k', 'd', 'e']);
    await expect(tickets.take('alice', FEED, ['f'])).rejects.toThrow();
    known.add('a');
    registry.unknown.mockClear();
    await expect(tickets.take('alice', FEED, ['f'])).rejects.toThrow();
    expect(registry.unknown.mock.calls).toEqual([[FEED, ['f']]]);
    clock.advance(1000);
    await tickets.take('alice', FEED, ['f']);
  });

  it('count for the linger time after their last client has left, so that coming and going does not help', async () => {
    await tickets.take('alice', FEED, ['a', 'b', 'c']);
    await tickets.take('alice', FEED, ['c']);
    tickets.leave('alice', FEED, ['a', 'c', 'other']);
    tickets.leave('carol', FEED, ['b']);
    clock.advance(LINGER_MS - 5000);
    await expect(tickets.take('alice', FEED, ['d'])).rejects.toEqual(tooMany(5000));
    clock.advance(5000);
    await tickets.take('alice', FEED, ['d']);
    await expect(tickets.take('alice', FEED, ['e'])).rejects.toEqual(tooMany(SOON_MS)); // One more client has c.
    await expect(tickets.take('alice', FEED, ['e', 'f', 'g'])).rejects.toEqual(tooMany(SOON_MS));
  });

  it('say in words how many there may be, and when the next one ends that nobody wants', async () => {
    await tickets.take('alice', FEED, ['a', 'b', 'c']);
    clock.advance(10_000);
    tickets.leave('alice', FEED, ['a']);
    clock.advance(5000);
    tickets.leave('alice', FEED, ['b']);
    clock.advance(LINGER_MS - 5000); // The first one ends at this moment.
    const refused = tickets.take('alice', FEED, ['d', 'e']);
    await expect(refused).rejects.toEqual(tooMany(5000));
    await expect(refused).rejects.toThrow('a subject has at most 3 tickets at once of which nothing is known');
  });

  it('are asked about again in their own feed only', async () => {
    await tickets.take('alice', FEED, ['a', 'b']);
    await tickets.take('alice', OTHER, ['c']);
    registry.unknown.mockClear();
    await expect(tickets.take('alice', FEED, ['d'])).rejects.toThrow();
    expect(registry.unknown.mock.calls).toEqual([
      [FEED, ['d']],
      [FEED, ['a', 'b']],
      [OTHER, ['c']],
    ]);
  });

  it('are counted where several calls answer for the tickets of one client', async () => {
    const one = tickets.take('bob', FEED, ['a']);
    await expect(tickets.take('alice', FEED, ['a', 'b', 'c', 'd'])).rejects.toEqual(tooMany(SOON_MS));
    await one;
    expect(registry.unknown.mock.calls.map(([, caseIds]) => caseIds)).toEqual([['a'], ['b', 'c', 'd']]);
  });

  it('are remembered of no subject that has none', async () => {
    known.add('a');
    await tickets.take('alice', FEED, ['a']);
    expect((Reflect.get(tickets, 'subjects') as Map<string, unknown>).size).toBe(0);
  });

  it('are asked about once for all clients that come together, and never again when they are known', async () => {
    known.add('a').add('b');
    await Promise.all(Array.from({ length: 100 }, () => tickets.take('alice', FEED, ['a', 'b'])));
    await tickets.take('bob', FEED, ['b', 'a']);
    expect(registry.unknown.mock.calls).toEqual([[FEED, ['a', 'b']]]);
  });

  it('are told from known ones without a question, in their own feed, and where each of them is known', async () => {
    known.add('k').add('l');
    expect(tickets.areKnown(FEED, ['k'])).toBe(false); // Nobody has asked yet.
    await tickets.take('alice', FEED, ['k', 'l', 'a']);
    registry.unknown.mockClear();
    expect(tickets.areKnown(FEED, ['k', 'l'])).toBe(true);
    expect(tickets.areKnown(FEED, ['k', 'a'])).toBe(false);
    expect(tickets.areKnown(OTHER, ['k'])).toBe(false);
    expect(registry.unknown).not.toHaveBeenCalled();
  });

  it('are asked about again after the store was out of reach', async () => {
    registry.unknown.mockRejectedValueOnce(new Error('out of reach'));
    await expect(tickets.take('alice', FEED, ['a'])).rejects.toThrow('out of reach');
    known.add('a');
    await tickets.take('alice', FEED, ['a']);
    expect(registry.unknown).toHaveBeenCalledTimes(2);
  });

  it('leave nothing behind', async () => {
    await tickets.take('alice', FEED, ['a', 'b']);
    tickets.leave('alice', FEED, ['a']);
    clock.advance(LINGER_MS);
    tickets.sweep();
    const { size } = Reflect.get(tickets, 'subjects') as Map<string, unknown>;
    tickets.leave('alice', FEED, ['b']);
    clock.advance(LINGER_MS);
    tickets.sweep();
    expect([size, (Reflect.get(tickets, 'subjects') as Map<string, unknown>).size]).toEqual([1, 0]);
  });

  it('are new from their first client on, and later clients change nothing', async () => {
    await tickets.take('alice', FEED, ['a', 'b', 'c']);
    clock.advance(NEW_MS);
    await tickets.take('alice', FEED, ['a', 'b', 'c']);
    await expect(tickets.take('alice', FEED, ['d'])).rejects.toEqual(tooMany(LINGER_MS));
  });
});
