import { DrivenMachine, SILENCE_MS } from '../test/driven-machine.js';
import { idOf } from '../test/model-gateway.js';

const ids = (client: DrivenMachine) =>
  client.delivered.flatMap((event) => (event.name === 'message' ? [`${event.data.case_id} ${event.data.id}`] : []));
const requests = (client: DrivenMachine) =>
  client.opened.map(({ request: { caseIds, position } }) => [caseIds.join(' '), position]);

describe('tickets', () => {
  it('that the parts of a page want in one moment are one request', () => {
    const client = new DrivenMachine();
    client.goLive('A');
    for (const caseId of ['B', 'C', 'D']) client.subscribe(caseId);
    client.advance(0);
    expect(requests(client)).toEqual([
      ['A', null],
      ['B C D', null],
    ]);
  });

  it('that are added have a stream of their own, and then all go on together from the oldest position', () => {
    const client = new DrivenMachine();
    client.goLive('A');
    client.message('A', 9);
    client.subscribe('B');
    client.advance(0);
    client.message('B', 4);
    client.ready(8);
    expect(requests(client)).toEqual([
      ['A', null],
      ['B', null],
      ['A B', idOf(8)],
    ]);
    expect(client.states.map(({ name }) => name)).toEqual(['connecting', 'live']);
  });

  it('that are added do not move the position of the others ahead: what came to those meanwhile is missing', () => {
    const client = new DrivenMachine();
    client.goLive('A');
    client.message('A', 4);
    client.subscribe('B');
    client.advance(0);
    client.ready(20);
    expect(requests(client).at(-1)).toEqual(['A B', idOf(4)]);
  });

  it('that are added and left before they came do not move the position of the others', () => {
    const client = new DrivenMachine();
    client.goLive('A');
    client.message('A', 4);
    client.end();
    client.subscribe('B');
    client.advance(500);
    client.step({ type: 'unsubscribe', caseIds: ['B'] });
    client.ready(20);
    expect(requests(client).slice(1)).toEqual([
      ['B', null],
      ['A', idOf(4)],
    ]);
  });

  it('that are added join an open Socket.IO connection', () => {
    const client = new DrivenMachine(['socket.io']);
    client.goLive('A');
    client.subscribe('B');
    client.advance(0);
    expect(client.done).toEqual([{ type: 'join', connection: 1, request: { caseIds: ['B'], position: null } }]);
    client.ready(5, { case_ids: ['B'] });
    client.step({ type: 'unsubscribe', caseIds: ['A'] });
    expect(client.done[1]).toEqual({ type: 'leave', connection: 1, caseIds: ['A'] });
    expect(client.opened).toHaveLength(1);
  });

  it('that are left and wanted again are asked for again: the answer to the former request is not theirs', () => {
    const client = new DrivenMachine(['socket.io']);
    client.goLive('A');
    client.subscribe('B');
    client.advance(0);
    client.step({ type: 'unsubscribe', caseIds: ['B'] });
    client.subscribe('B');
    client.advance(0);
    const join = { type: 'join', connection: 1, request: { caseIds: ['B'], position: null } };
    expect(client.done).toEqual([join, { type: 'leave', connection: 1, caseIds: ['B'] }, join]);
    const { length } = client.delivered;
    client.ready(5, { case_ids: ['B'] });
    expect(client.delivered).toHaveLength(length);
    client.ready(6, { case_ids: ['B'] });
    expect(client.delivered.at(-1)).toMatchObject({ name: 'ready', data: { last_event_id: idOf(6) } });
  });

  it('that nobody wants any more end the connection', () => {
    const client = new DrivenMachine();
    client.token = { token: 'first', expiresAt: client.now + 3_600_000 };
    client.goLive('A', 'B');
    client.step({ type: 'unsubscribe', caseIds: ['A'] });
    expect(client.state.name).toBe('live');
    client.step({ type: 'unsubscribe', caseIds: ['B'] });
    expect(client.state).toEqual({ name: 'idle' });
    expect(client.done).toEqual([{ type: 'hang-up', connection: 1 }]);
    expect([...client.timers.keys()].filter((name) => name !== 'plan')).toEqual([]);
  });

  it('get their last events when they are wanted again', () => {
    const client = new DrivenMachine();
    client.goLive('A', 'B');
    client.message('B', 3);
    client.step({ type: 'unsubscribe', caseIds: ['B'] });
    client.subscribe('B');
    client.advance(0);
    client.message('B', 3);
    expect(ids(client)).toEqual([`B ${idOf(3)}`, `B ${idOf(3)}`]);
  });

  it('that are not wanted any more deliver nothing', () => {
    const client = new DrivenMachine();
    client.goLive('A', 'B');
    client.step({ type: 'unsubscribe', caseIds: ['B'] });
    client.message('B', 3);
    expect(ids(client)).toEqual([]);
  });
});

describe('an event', () => {
  it('that came before is dropped', () => {
    const client = new DrivenMachine();
    client.goLive('A', 'B');
    for (const [caseId, offset] of [
      ['A', 1],
      ['B', 2],
      ['A', 1],
      ['B', 2],
      ['A', 3],
    ] as const) {
      client.message(caseId, offset);
    }
    expect(ids(client)).toEqual([`A ${idOf(1)}`, `B ${idOf(2)}`, `A ${idOf(3)}`]);
  });

  it('of a former connection is dropped, and so is its end', () => {
    const client = new DrivenMachine();
    client.goLive('A');
    const former = client.connection;
    client.end();
    client.advance(500);
    client.hear({ name: 'closing', data: { reason: 'draining', retry_ms: 1000 } }, former);
    client.end(former);
    client.ready(0);
    expect(client.state.name).toBe('live');
    expect(client.opened).toHaveLength(2);
  });

  it('is where the next connection goes on', () => {
    const client = new DrivenMachine();
    client.goLive('A');
    client.message('A', 4);
    client.message('A', 6);
    client.end();
    client.advance(500);
    expect(requests(client)[1]).toEqual(['A', idOf(6)]);
  });

  it('says whether the upstream answers', () => {
    const client = new DrivenMachine();
    client.goLive('A');
    client.hear({ name: 'upstream', data: { state: 'degraded', reason: 'timeout', since: '' } });
    expect(client.state).toEqual({ name: 'degraded', transport: 'sse', reason: 'timeout' });
    client.hear({ name: 'upstream', data: { state: 'ok', since: '' } });
    expect(client.state).toEqual({ name: 'live', transport: 'sse' });
  });
});

describe('the position in the store', () => {
  it('moves when the handlers of an event have returned, and not when the event comes', () => {
    const client = new DrivenMachine();
    client.goLive('A');
    client.message('A', 1);
    client.message('A', 2);
    expect(client.saved).toEqual([]);
    client.step({ type: 'handled' }); // ready
    client.step({ type: 'handled' });
    expect(client.saved.map(({ position }) => position)).toEqual([idOf(0), idOf(1)]);
    client.step({ type: 'handled' });
    expect(client.saved.at(-1)).toEqual({ position: idOf(2), caseIds: ['A'] });
  });

  it('is not that of an event of a ticket that is being added: the others have come further', () => {
    const client = new DrivenMachine();
    client.goLive('A');
    client.message('A', 9);
    client.subscribe('B');
    client.advance(0);
    client.message('B', 4);
    client.delivered.forEach(() => client.step({ type: 'handled' }));
    expect(client.saved.map(({ position }) => position)).toEqual([idOf(0), idOf(9)]);
    client.end();
    client.advance(500);
    // B goes on from where its replay was cut, before all go on together: its last events could be others now.
    expect(requests(client).at(-1)).toEqual(['B', idOf(4)]);
  });

  it('is where the tickets of the store go on, after a reload; others get their last events', () => {
    const client = new DrivenMachine(['sse'], { position: idOf(5), caseIds: ['A'] });
    client.subscribe('A', 'B');
    expect(requests(client)).toEqual([['B', null]]);
    client.ready(7);
    expect(client.state).toEqual({ name: 'connecting' });
    expect(requests(client).at(-1)).toEqual(['A B', idOf(5)]);
  });

  it('is forgotten with its ticket', () => {
    const client = new DrivenMachine(['sse'], { position: idOf(5), caseIds: ['A', 'B'] });
    client.goLive('B');
    client.step({ type: 'unsubscribe', caseIds: ['A'] });
    client.subscribe('A');
    client.advance(0);
    expect(requests(client).at(-1)).toEqual(['A', null]);
  });

  it('is forgotten when the gateway does not know it any more', () => {
    const client = new DrivenMachine(['sse'], { position: idOf(5), caseIds: ['A'] });
    client.subscribe('A');
    client.hear({ name: 'gap', data: { case_ids: ['A'], reason: 'unknown_position' } });
    expect(client.delivered.map(({ name }) => name)).toEqual(['gap']);
    client.end();
    client.advance(500);
    expect(requests(client).at(-1)).toEqual(['A', null]);
  });
});

describe('a page', () => {
  it('without a network waits for one', () => {
    const client = new DrivenMachine();
    client.goLive('A');
    client.step({ type: 'offline' });
    expect(client.state).toEqual({ name: 'offline' });
    expect(client.done).toEqual([{ type: 'hang-up', connection: 1 }]);
    client.advance(3_600_000);
    expect(client.opened).toHaveLength(1);
    client.step({ type: 'online' });
    expect(client.opened).toHaveLength(2);
  });

  it('that was kept for the way back while the network came goes on when it is shown', () => {
    const client = new DrivenMachine();
    client.goLive('A');
    client.step({ type: 'offline' });
    client.step({ type: 'resumed' });
    expect(client.opened).toHaveLength(2);
  });

  it('that comes back keeps a connection that has said something meanwhile', () => {
    const client = new DrivenMachine();
    client.goLive('A');
    client.advance(SILENCE_MS - 1000);
    client.alive();
    client.advance(SILENCE_MS / 2 - 1000);
    client.step({ type: 'resumed' });
    expect(client.opened).toHaveLength(1);
  });

  it('that comes back after its computer has slept makes a new connection at once', () => {
    const client = new DrivenMachine();
    client.goLive('A');
    client.message('A', 3);
    client.sleep(3_600_000);
    expect(client.state.name).toBe('live');
    client.step({ type: 'resumed' });
    expect(client.done).toEqual([{ type: 'hang-up', connection: 1 }]);
    expect(requests(client).at(-1)).toEqual(['A', idOf(3)]);
  });

  it('that is closed does nothing more, whatever comes', () => {
    const client = new DrivenMachine();
    client.goLive('A');
    client.step({ type: 'close' });
    expect(client.state).toEqual({ name: 'closed' });
    const { length } = client.delivered;
    client.message('A', 1);
    client.subscribe('B');
    for (const type of ['online', 'resumed', 'retry'] as const) client.step({ type });
    client.advance(3_600_000);
    expect(client.delivered).toHaveLength(length);
    expect(client.opened).toHaveLength(1);
    expect(client.timers.size).toBe(0);
  });
});
