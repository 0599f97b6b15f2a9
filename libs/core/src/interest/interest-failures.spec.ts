import { ManualClock } from '#testing';
import { Interest } from './interest.js';
import type { InterestRegistry } from './ports/interest-registry.js';
import { UnknownTickets } from './unknown-tickets.js';

const FEED = { language: 'en-us' };

/** A gateway whose subjects may have one unknown ticket each, with the shortest lease. */
function setUp() {
  const clock = new ManualClock();
  const failing = { store: false, queue: false };
  const registry = {
    want: async () => {
      if (failing.store) throw new Error('out of reach');
      return [];
    },
    hint: async () => [],
    unknown: async (_: unknown, caseIds: readonly string[]) => [...caseIds],
  } as unknown as InterestRegistry;
  const queue = {
    wake: async () => {
      if (failing.queue) throw new Error('no queue');
    },
  };
  return { interest: new Interest({ registry, queue, clock }, 1, 1), clock, failing };
}

describe('the interest of clients', () => {
  it('fails where the sets cannot be woken: nobody may believe that they are polled at once', async () => {
    const { interest, failing } = setUp();
    failing.queue = true;
    await expect(interest.hint(FEED, ['a'])).rejects.toThrow('no queue');
    await expect(interest.acquire(FEED, ['a'])).rejects.toThrow('no queue');
    expect(interest.clientsOf('a').size).toBe(0);
  });

  it('has the unknown tickets of a client that was refused until their linger time, which is a lease at least', async () => {
    const { interest, clock, failing } = setUp();
    await interest.admit(FEED, ['a'], 'alice');
    failing.store = true;
    await expect(interest.acquire(FEED, ['a'], 'alice')).rejects.toThrow('out of reach');
    failing.store = false;
    clock.advance(2999);
    await expect(interest.admit(FEED, ['b'], 'alice')).rejects.toThrow('at most 1');
    clock.advance(1);
    await interest.admit(FEED, ['b'], 'alice');
  });

  it('forgets unknown tickets that are not polled any more when leases are renewed', async () => {
    const sweep = jest.spyOn(UnknownTickets.prototype, 'sweep');
    await setUp().interest.renew();
    expect(sweep).toHaveBeenCalledTimes(1);
    sweep.mockRestore();
  });
});
