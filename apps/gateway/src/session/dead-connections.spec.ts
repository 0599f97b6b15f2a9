import type { ClientSession } from './client-session.js';
import { DeadConnections } from './dead-connections.js';
import type { TcpState, TcpTable } from './tcp-table.js';

describe('DeadConnections', () => {
  /** Sessions by name, and what the kernel says of the TCP connection of each. Null: it knows nothing of it. */
  function fixture(states: Record<string, TcpState | null>) {
    let now = 0;
    const closed: string[] = [];
    const probed: string[] = [];
    const tcpOf = Object.fromEntries(Object.keys(states).map((name) => [name, { name }]));
    const sessions = Object.keys(states).map((name) => ({
      isOpen: true,
      outlet: { tcp: tcpOf[name], probe: () => void probed.push(name) },
      close(reason: string) {
        this.isOpen = false;
        closed.push(`${name} ${reason}`);
      },
    }));
    const table = {
      of: async () =>
        new Map(Object.entries(states).flatMap(([name, state]) => (state === null ? [] : [[tcpOf[name], state]]))),
    } as unknown as TcpTable;
    const dead = new DeadConnections(sessions as unknown as ClientSession[], table, () => now);
    const look = async (atMs: number) => {
      now = atMs;
      return dead.look();
    };
    return { states, sessions, closed, probed, look };
  }
  const state = (unacknowledged: number, unanswered: number): TcpState => ({ unacknowledged, unanswered });

  it('are those that have not acknowledged bytes after four repeats: they end at the first look', async () => {
    const { closed, probed, look } = fixture({ gone: state(7, 4), slow: state(7, 3), read: state(0, 4), lost: null });
    expect(await look(0)).toBe(2);
    expect(closed).toEqual(['gone replaced']);
    expect(probed).toEqual(['slow', 'read']); // Only a write can show that there is no answer.
  });

  it('are those that do not answer two repeats within three seconds of the first look', async () => {
    const { states, closed, probed, look } = fixture({ gone: state(0, 0), slow: state(0, 0), alive: state(0, 0) });
    expect(await look(1000)).toBe(3);
    Object.assign(states, { gone: state(6, 2), slow: state(6, 1) });
    expect(await look(3999)).toBe(2);
    expect(closed).toEqual([]);
    expect(await look(4000)).toBe(1);
    expect(closed).toEqual(['gone replaced']);
    Object.assign(states, { slow: state(0, 0) });
    expect(await look(5000)).toBe(0);
    expect([closed.length, probed]).toEqual([1, ['gone', 'slow', 'alive']]);
  });

  it('are none that ended meanwhile', async () => {
    const { states, sessions, closed, look } = fixture({ ended: state(5, 0) });
    expect(await look(0)).toBe(1);
    sessions.forEach((session) => (session.isOpen = false));
    Object.assign(states, { ended: state(5, 9) });
    expect(await look(400)).toBe(0);
    expect(closed).toEqual([]);
  });
});
