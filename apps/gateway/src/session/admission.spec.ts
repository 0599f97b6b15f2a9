import { Admission } from './admission.js';
import type { ClientSession } from './client-session.js';
import type { Counted } from './subject-limit.js';
import type { TcpState, TcpTable } from './tcp-table.js';

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A subject that is full, and connections of it that wait. The test owns the clock. */
describe('Admission', () => {
  function fixture(most = 2) {
    let now = 0;
    const timers: { at: number; end: () => void }[] = [];
    const room: Counted[] = [];
    const tcp = {};
    // A connection of which nobody knows yet whether it is dead.
    const old = { isOpen: true, outlet: { tcp, probe: jest.fn() }, close: jest.fn() };
    const states = new Map<object, TcpState>([[tcp, { unacknowledged: 5, unanswered: 0 }]]);
    const add = jest.fn(async (): Promise<Counted> => room.shift() ?? 'full_here');
    const connections = {
      of: jest.fn(() => [old] as unknown as ClientSession[]),
      ofClient: jest.fn<ClientSession | undefined, [string, string]>(() => undefined),
    };
    const tellFull = jest.fn();
    const limit = { most, add, of: jest.fn(() => most) };
    const admission = new Admission({
      limit: limit as never,
      connections,
      table: { of: async () => states } as unknown as TcpTable,
      tellFull,
      wait: (ms) => new Promise((end) => timers.push({ at: now + ms, end })),
      now: () => now,
    });
    const outcomes: string[] = [];
    const admit = async (name: string, first: Counted = 'full_here', clientId: string | null = null) => {
      admission.admit('alice', clientId, first).then(
        () => outcomes.push(`${name} admitted`),
        (error: { code: string; details?: object }) => outcomes.push(`${name} ${error.code}`),
      );
      await settled();
    };
    /** Lets time pass, step by step. */
    const until = async (ms: number) => {
      for (;;) {
        await settled();
        const [next] = timers.filter(({ at }) => at <= ms).sort((one, other) => one.at - other.at);
        if (next === undefined) break;
        now = Math.max(now, next.at);
        timers.splice(timers.indexOf(next), 1);
        next.end();
      }
      now = ms;
    };
    return { admission, admit, until, outcomes, room, states, old, add, limit, connections, tellFull };
  }

  it('lets as many wait as the subject may have connections, and refuses the others at once', async () => {
    const { admit, until, outcomes } = fixture(2);
    for (const name of ['a', 'b', 'c']) await admit(name);
    expect(outcomes).toEqual(['c too_many']);
    await until(3699);
    expect(outcomes).toEqual(['c too_many']);
    await until(3700);
    expect(outcomes).toEqual(['c too_many', 'a too_many', 'b too_many']);
  });

  it('admits those that wait in the order in which they came, as soon as there is room', async () => {
    const { admit, until, outcomes, room } = fixture();
    for (const name of ['a', 'b']) await admit(name);
    room.push('counted');
    await until(400);
    expect(outcomes).toEqual(['a admitted']);
    room.push('counted');
    await until(1200);
    expect(outcomes).toEqual(['a admitted', 'b admitted']);
  });

  it('refuses for a second after a search without another one, and then searches again', async () => {
    const { admit, until, outcomes, states, connections } = fixture();
    states.clear(); // Nothing is known of the old connection, so a search has nothing to wait for.
    await admit('a');
    await until(999);
    await admit('b');
    expect(outcomes).toEqual(['a too_many', 'b too_many']);
    expect(connections.of).toHaveBeenCalledTimes(1);
    await until(1000);
    await admit('c');
    expect(connections.of).toHaveBeenCalledTimes(2);
  });

  it('goes on while other gateways may find dead ones', async () => {
    const { admit, until, outcomes, states, add } = fixture();
    states.clear();
    add.mockImplementation(async () => 'full_elsewhere');
    await admit('a', 'full_elsewhere');
    await until(3699);
    expect(outcomes).toEqual([]);
    expect(add).toHaveBeenCalledTimes(4);
    await until(3700);
    expect(outcomes).toEqual(['a too_many']);
  });

  it('tells the other gateways once, and of each client that has named itself', async () => {
    const { admit, tellFull } = fixture(5);
    await admit('a', 'full_here', 'phone');
    expect(tellFull).not.toHaveBeenCalled();
    await admit('b', 'full_elsewhere');
    await admit('c', 'full_elsewhere');
    await admit('d', 'full_elsewhere', 'tab');
    expect(tellFull.mock.calls).toEqual([
      ['alice', null],
      ['alice', 'tab'],
    ]);
  });

  it('tells the other gateways when they turn out to be full as well', async () => {
    const { admit, until, room, tellFull } = fixture();
    await admit('a');
    room.push('full_elsewhere');
    await until(400);
    room.push('full_elsewhere');
    await until(1200);
    expect(tellFull.mock.calls).toEqual([['alice', null]]);
  });

  it('asks again where the client had a connection, which it replaces', async () => {
    const { admit, outcomes, old, room, connections, add } = fixture();
    connections.ofClient.mockReturnValue(old as unknown as ClientSession);
    room.push('counted');
    await admit('a', 'full_here', 'phone');
    expect(connections.ofClient.mock.calls).toEqual([['alice', 'phone']]);
    expect(old.close.mock.calls).toEqual([['replaced']]);
    expect([outcomes, add.mock.calls.length, connections.of.mock.calls.length]).toEqual([['a admitted'], 1, 0]);
  });

  it('searches for another gateway only where the subject has connections here', async () => {
    const { admission, connections, limit } = fixture();
    limit.of.mockReturnValue(0);
    admission.subjectFull('alice', 'phone');
    expect([connections.ofClient.mock.calls, connections.of.mock.calls]).toEqual([[], []]);
    limit.of.mockReturnValue(1);
    admission.subjectFull('alice', 'phone');
    expect([connections.ofClient.mock.calls, connections.of.mock.calls]).toEqual([[['alice', 'phone']], [['alice']]]);
  });
});
