import { HealthState } from '#ops';
import { connections, fakeOutlet, rights } from '../../test/test-connections.js';
import { Drain, type DrainedServer } from './drain.js';

describe('Drain', () => {
  let now: number;
  let listens: boolean;
  /** Connections that the server has open. Clients of a fake outlet never go. */
  let openConnections: number;
  const server: DrainedServer = {
    stopListening: () => void (listens = false),
    connectionCount: async () => openConnections,
  };
  const wait = async (ms: number) => void (now += ms);
  const offer = { span: null, leave: async () => undefined };

  beforeEach(() => {
    now = 0;
    listens = true;
    openConnections = 1;
    jest.spyOn(performance, 'now').mockImplementation(() => now);
  });
  afterEach(() => jest.restoreAllMocks());

  it.each([
    [10_000, 9000],
    [1000, 500],
  ])('of %d ms has told every client after %d ms: the last ones need time to get it', async (spanMs, toldMs) => {
    const all = connections();
    const told: number[] = [];
    for (let count = 0; count < 10; count += 1) {
      const outlet = fakeOutlet();
      outlet.close.mockImplementation(() => void told.push(now));
      all.add(rights(`client ${count}`), outlet, null);
    }
    await new Drain(all, new HealthState(), offer, spanMs, wait).run(server);
    expect(told).toHaveLength(10);
    expect(told[0]).toBeLessThan(spanMs / 4);
    expect(told.at(-1)).toBeLessThanOrEqual(toldMs);
    expect(told.at(-1)).toBeGreaterThan(toldMs * 0.8);
    expect(now).toBe(spanMs);
  });

  it('a client that comes in its last step is told, too, before its connection is cut', async () => {
    const all = connections();
    const calls: string[] = [];
    const stays = fakeOutlet(); // Its client does not read, so the drain lasts to its end.
    all.add(rights('stays'), stays, null);
    const late = fakeOutlet();
    late.close.mockImplementation(() => void calls.push('close'));
    late.destroy.mockImplementation(() => void calls.push('destroy'));
    const waitAndCome = async (ms: number) => {
      now += ms;
      if (now === 1000) all.add(rights('late'), late, null);
    };
    await new Drain(all, new HealthState(), offer, 1000, waitAndCome).run(server);
    expect(calls).toEqual(['close', 'destroy']);
  });

  it('a stream whose request was being answered when the last client went is told, too', async () => {
    const all = connections();
    const calls: string[] = [];
    const late = fakeOutlet();
    late.close.mockImplementation(() => {
      calls.push(listens ? 'close while others could come' : 'close');
      openConnections = 0;
    });
    late.destroy.mockImplementation(() => void calls.push('destroy'));
    const waitAndCome = async (ms: number) => {
      now += ms;
      if (now === 200) all.add(rights('late'), late, null);
    };
    await new Drain(all, new HealthState(), offer, 1000, waitAndCome).run(server);
    expect(calls).toEqual(['close', 'destroy']);
    expect(now).toBeLessThan(500);
  });

  it('is told to those who ask before the first client is sent away', async () => {
    const health = new HealthState();
    const told: boolean[] = [];
    const outlet = fakeOutlet();
    outlet.close.mockImplementation(() => void told.push(health.isDraining));
    const all = connections();
    all.add(rights('a'), outlet, null);
    await new Drain(all, health, offer, 1000, wait).run(server);
    expect(told).toEqual([true]);
  });

  it('without clients and requests it lasts two steps', async () => {
    openConnections = 0;
    await new Drain(connections(), new HealthState(), offer, 10_000, wait).run(server);
    expect(listens).toBe(false);
    expect(now).toBe(100);
  });

  it('a connection that sends nothing does not hold it for longer than its last part', async () => {
    await new Drain(connections(), new HealthState(), offer, 10_000, wait).run(server);
    expect(now).toBe(1050);
  });

  it('looks every second at what the others can accept, and tells clients to come back over that span', async () => {
    const all = connections();
    const waits: number[] = [];
    for (let count = 0; count < 300; count += 1) {
      const outlet = fakeOutlet();
      outlet.close.mockImplementation(({ retry_ms }) => void waits.push(retry_ms));
      all.add(rights(`client ${count}`), outlet, null);
    }
    const asked: number[][] = [];
    const others: { span: readonly [number, number] | null; leave: (...of: number[]) => Promise<void> } = {
      span: null,
      leave: async (...of) => {
        asked.push(of);
        others.span = [20_000 * asked.length, 20_000 * asked.length + 10_000];
      },
    };
    jest.spyOn(Math, 'random').mockReturnValue(0.5);
    await new Drain(all, new HealthState(), others, 3000, wait).run(server);
    expect(asked[0]).toEqual([300, 2000]);
    expect(asked).toHaveLength(2);
    expect(asked[1]?.[0]).toBeGreaterThan(100);
    expect(new Set(waits)).toEqual(new Set([25_000, 45_000]));
    expect(waits).toHaveLength(300);
  });
});
