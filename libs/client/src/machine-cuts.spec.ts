import { DrivenMachine, SILENCE_MS } from '../test/driven-machine.js';
import { idOf } from '../test/model-gateway.js';

/** The requests of all connections, and those that join the open one. */
function requests(client: DrivenMachine) {
  const joins = client.done.flatMap((effect) => (effect.type === 'join' ? [effect.request] : []));
  return [...client.opened.map(({ request }) => request), ...joins].map(({ caseIds, position }) => [
    caseIds.join(' '),
    position,
  ]);
}

/** Live with A on a Socket.IO connection, where these tickets are being joined. */
function joining(...caseIds: string[]): DrivenMachine {
  const client = new DrivenMachine(['socket.io']);
  client.goLive('A');
  client.subscribe(...caseIds);
  client.advance(0);
  return client;
}

describe('tickets that are joining an open connection', () => {
  it('are followed by those that are wanted meanwhile', () => {
    const client = joining('B');
    client.subscribe('C');
    client.advance(0);
    expect(requests(client).slice(1)).toEqual([['B', null]]);
    client.ready(0, { case_ids: ['B'] });
    expect(requests(client).slice(2)).toEqual([['C', null]]);
  });

  it('are asked for without the one that the token does not cover', () => {
    const client = joining('B', 'C');
    client.refuse({ code: 'forbidden', message: 'not B', caseIds: ['B'] });
    expect(requests(client).slice(1)).toEqual([
      ['B C', null],
      ['C', null],
    ]);
    client.ready(0, { case_ids: ['C'] });
    client.message('C', 4);
    expect(client.delivered.map(({ name }) => name)).toEqual(['ready', 'revoked', 'ready', 'message']);
    client.subscribe('D');
    client.advance(0);
    expect(requests(client).at(-1)).toEqual(['D', null]);
  });

  it('and are left before they came say nothing of the next connection', () => {
    const client = joining('B');
    client.step({ type: 'unsubscribe', caseIds: ['B'] });
    client.end();
    client.advance(500);
    client.ready(3);
    expect(client.delivered.map(({ name }) => name)).toEqual(['ready', 'ready']);
  });
});

describe('a stream that is cut', () => {
  it('while tickets are added, and these are left before the next one, goes on with the others', () => {
    const client = new DrivenMachine();
    client.goLive('A');
    client.subscribe('B');
    client.advance(0);
    client.end();
    client.step({ type: 'unsubscribe', caseIds: ['B'] });
    client.advance(500);
    client.ready(3);
    expect(client.delivered.map(({ name }) => name)).toEqual(['ready', 'ready']);
    expect(client.state.name).toBe('live');
  });

  it('in its first replay goes on from the last event of all of its tickets', () => {
    const client = new DrivenMachine();
    client.subscribe('A', 'B');
    client.message('A', 1);
    client.end();
    client.advance(500);
    expect(requests(client)[1]).toEqual(['A B', idOf(1)]);
  });

  it('while tickets are added goes on from the oldest of their positions', () => {
    const client = new DrivenMachine();
    client.goLive('A');
    client.subscribe('B', 'C');
    client.advance(0);
    client.message('B', 5);
    client.message('C', 3);
    client.end();
    client.advance(500);
    expect(requests(client).at(-1)).toEqual(['B C', idOf(3)]);
  });

  it('goes on from no position of an epoch that the gateway does not know any more', () => {
    const client = new DrivenMachine();
    client.goLive('A');
    client.subscribe('B');
    client.advance(0);
    client.message('B', 3);
    client.end();
    client.advance(500);
    client.hear({ name: 'gap', data: { case_ids: ['B'], reason: 'unknown_position' } });
    client.end();
    client.advance(1000);
    expect(requests(client).at(-1)).toEqual(['A B', null]);
    client.message('A', 1);
    client.end();
    client.advance(2000);
    expect(requests(client).at(-1)).toEqual(['B', null]);
  });

  it('is live when it is back, until the gateway says that the upstream is still not answered from', () => {
    const client = new DrivenMachine();
    client.goLive('A');
    client.hear({ name: 'upstream', data: { state: 'degraded', reason: 'upstream_timeout', since: '' } });
    expect(client.state).toMatchObject({ name: 'degraded', reason: 'upstream_timeout' });
    client.end();
    client.advance(500);
    client.ready(0);
    expect(client.state).toEqual({ name: 'live', transport: 'sse' });
  });

  it('leaves no timer when nobody wants a ticket any more', () => {
    const client = new DrivenMachine();
    client.goLive('A');
    client.end();
    client.step({ type: 'unsubscribe', caseIds: ['A'] });
    expect([...client.timers.keys()]).toEqual([]);
  });
});

describe('a connection that is being made', () => {
  it('is given up after the longest silence, also where another tab has it', () => {
    const client = new DrivenMachine(['tabs']);
    client.subscribe('A');
    client.advance(SILENCE_MS - 1);
    expect(client.state).toEqual({ name: 'connecting' });
    client.advance(1);
    expect(client.state).toMatchObject({ name: 'connecting', reason: 'silent for too long' });
  });

  it.each([
    ['somebody tries again', { type: 'retry' } as const],
    ['another ticket is wanted', { type: 'subscribe', caseIds: ['B'] } as const],
  ])('after a refusal has another token when %s', (_, input) => {
    const client = new DrivenMachine();
    client.subscribe('A');
    client.refuse({ code: 'invalid', message: 'no such group' });
    client.step(input);
    expect(client.asked).toEqual([false, true]);
  });
});
