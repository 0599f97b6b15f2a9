import { DrivenMachine, READY_MS, RETRY_MAX_MS, SILENCE_MS } from '../test/driven-machine.js';

const AUTO = ['sse', 'socket.io'] as const;

/** How long the machine waits after each of so many failures, ms. */
function delays(client: DrivenMachine, count: number): number[] {
  return Array.from({ length: count }, () => {
    client.end();
    const wait = (client.timers.get('retry') ?? Number.NaN) - client.now;
    client.advance(wait);
    return wait;
  });
}

describe('the next attempt after a failure', () => {
  it('comes after half a second, then after twice as long each time, up to the longest delay', () => {
    const client = new DrivenMachine();
    client.random = 0.999_999;
    client.subscribe('A');
    const whole = [500, 1000, 2000, 4000, 8000, 16_000, RETRY_MAX_MS, RETRY_MAX_MS];
    expect(delays(client, 8).map(Math.round)).toEqual(whole);
  });

  it('comes after half of the delay at the earliest, so that clients do not come back in one moment', () => {
    const client = new DrivenMachine();
    client.subscribe('A');
    expect(delays(client, 7)).toEqual([250, 500, 1000, 2000, 4000, 8000, RETRY_MAX_MS / 2]);
  });

  it('comes soon again when a connection had become live', () => {
    const client = new DrivenMachine();
    client.subscribe('A');
    delays(client, 5);
    client.ready(0);
    expect(delays(client, 2)).toEqual([250, 500]);
  });

  it('does not come before the gateway wants it', () => {
    const client = new DrivenMachine();
    client.subscribe('A');
    client.refuse({ code: 'too_many', message: 'too many connections', retryMs: 7000 });
    expect(client.state).toEqual({ name: 'connecting', reason: 'too_many', retryInMs: 7000 });
    client.advance(6999);
    expect(client.opened).toHaveLength(1);
    client.advance(1);
    expect(client.opened).toHaveLength(2);
  });

  it('comes when a closing gateway wants it', () => {
    const client = new DrivenMachine();
    client.goLive('A');
    client.hear({ name: 'closing', data: { reason: 'draining', retry_ms: 1500 } });
    expect(client.state).toEqual({ name: 'connecting', reason: 'draining', retryInMs: 1500 });
    client.advance(1499);
    expect(client.opened).toHaveLength(1);
    client.advance(1);
    expect(client.opened).toHaveLength(2);
  });

  it('comes at once on retry(), and when the browser has a network again', () => {
    for (const type of ['retry', 'online', 'resumed'] as const) {
      const client = new DrivenMachine();
      client.subscribe('A');
      client.end();
      client.step({ type });
      expect(client.opened).toHaveLength(2);
    }
  });
});

describe('a transport that does not work', () => {
  it('is left after two failures, and what works is kept', () => {
    const client = new DrivenMachine(AUTO);
    client.subscribe('A');
    delays(client, 2);
    expect(client.opened.map(({ transport }) => transport)).toEqual(['sse', 'sse', 'socket.io']);
    client.ready(0);
    for (let count = 0; count < 3; count += 1) {
      delays(client, 1);
      client.ready(0);
    }
    expect(client.opened.slice(3).map(({ transport }) => transport)).toEqual(['socket.io', 'socket.io', 'socket.io']);
    expect(client.state).toEqual({ name: 'live', transport: 'socket.io' });
  });

  it('is tried again when the next one does not work either', () => {
    const client = new DrivenMachine(AUTO);
    client.subscribe('A');
    delays(client, 4);
    expect(client.opened.map(({ transport }) => transport)).toEqual(['sse', 'sse', 'socket.io', 'socket.io', 'sse']);
  });

  it('is not left when it only fails now and then', () => {
    const client = new DrivenMachine(AUTO);
    client.goLive('A');
    for (let count = 0; count < 4; count += 1) {
      delays(client, 1);
      client.ready(0);
    }
    expect(new Set(client.opened.map(({ transport }) => transport))).toEqual(new Set(['sse']));
  });

  it('counts as buffered when its stream says nothing until its ready is due', () => {
    const client = new DrivenMachine(AUTO);
    client.subscribe('A');
    client.advance(READY_MS - 1);
    expect(client.state).toEqual({ name: 'connecting' });
    client.advance(1);
    expect(client.state).toMatchObject({ name: 'connecting', reason: expect.stringContaining('buffers') });
    client.advance(250 + READY_MS + 500);
    expect(client.connection.transport).toBe('socket.io');
  });

  it('does not count as buffered while its replay comes', () => {
    const client = new DrivenMachine();
    client.subscribe('A');
    for (let offset = 1; offset <= 5; offset += 1) {
      client.advance(READY_MS - 1);
      client.message('A', offset);
    }
    client.ready(5);
    client.advance(READY_MS);
    expect(client.opened).toHaveLength(1);
    expect(client.state.name).toBe('live');
  });

  it('is waited for if another tab has the connection: that tab knows itself when it is buffered', () => {
    const client = new DrivenMachine(['tabs', 'sse']);
    client.subscribe('A');
    for (let times = 0; times < 3; times += 1) {
      client.advance(READY_MS);
      client.alive('no answer');
    }
    expect(client.opened).toHaveLength(1);
    expect(client.state).toEqual({ name: 'connecting', reason: 'no answer' });
    client.ready(0);
    client.alive('no answer');
    expect(client.state.name).toBe('live');
  });
});

describe('a silent connection', () => {
  it('is given up after three heartbeats', () => {
    const client = new DrivenMachine();
    client.goLive('A');
    client.advance(SILENCE_MS - 1);
    expect(client.state.name).toBe('live');
    client.advance(1);
    expect(client.state).toMatchObject({ name: 'connecting', reason: expect.stringContaining('silent') });
    expect(client.done).toContainEqual({ type: 'hang-up', connection: 1 });
    client.advance(250);
    expect(client.opened).toHaveLength(2);
  });

  it.each([
    ['a heartbeat', (client: DrivenMachine) => client.alive()],
    ['an event', (client: DrivenMachine) => client.hear({ name: 'heartbeat', data: {} })],
  ])('is kept by %s', (_, say) => {
    const client = new DrivenMachine();
    client.goLive('A');
    for (let times = 0; times < 3; times += 1) {
      client.advance(SILENCE_MS - 1);
      say(client);
    }
    expect(client.opened).toHaveLength(1);
    expect(client.state.name).toBe('live');
  });
});
