import { once } from 'node:events';
import { connect, Socket } from 'node:net';
import { Hub } from '#core';
import { record } from '../../test/recording.js';
import { RunningGateway, token } from '../../test/running-gateway.js';
import { until } from '../../../../test/harness/until.js';
import { UnauthenticatedSockets } from '../http/unauthenticated-sockets.js';
import { EventsGateway } from './events.gateway.js';

const HANDSHAKE =
  'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

describe('events over Socket.IO', () => {
  let gateway: RunningGateway;

  afterEach(() => gateway.stop());

  it.each([['websocket'], ['polling']])(
    'begin with replay and acknowledgement, and continue live (%s)',
    async (transport) => {
      gateway = await RunningGateway.start();
      await gateway.store.publish('A1', 'past');
      const socket = await gateway.connect({ token: await token() }, { transports: [transport] });
      const events = record(socket);
      const ack = await socket.emitWithAck('subscribe', { case_ids: ['A1', 'A1'], history: 5 });
      expect(events.map(([, data]) => data.message.content)).toEqual(['past']);
      expect(ack).toEqual({
        ok: true,
        case_ids: ['A1'],
        language: 'zh-cn',
        last_event_id: events[0]?.[1].id,
        recovered: false,
        replayed: 1,
        last_answer_at: expect.any(String),
        pending: [],
      });
      await gateway.store.publish('A1', 'live');
      await until(() => events.length === 2);
      expect(events[1]).toEqual(['message', expect.objectContaining({ case_id: 'A1', message: { content: 'live' } })]);
    },
  );

  it('come after one write with the answer to the handshake and the first packet', async () => {
    gateway = await RunningGateway.start();
    const writes = jest.spyOn(Socket.prototype, '_writev' as never) as unknown as jest.SpyInstance;
    await gateway.connect({ token: await token() }, { transports: ['websocket'] });
    const pieces = (writes.mock.calls as [{ chunk: string | Buffer }[]][])
      .map(([chunks]) => chunks.map(({ chunk }) => String(chunk)).join(''))
      .filter((text) => text.includes('"pingInterval"'));
    writes.mockRestore();
    expect(pieces).toEqual([expect.stringMatching(/^HTTP\/1\.1 101 /)]);
  });

  it('wait for a few handshakes only, however many come at once', async () => {
    gateway = await RunningGateway.start();
    const { port } = new URL(gateway.url);
    const sockets = Array.from({ length: 100 }, () => connect(Number(port), '127.0.0.1'));
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    const accepted = () =>
      new Promise<number>((resolve) => gateway.server.getConnections((_error, count) => resolve(count)));
    await until(async () => (await accepted()) === sockets.length); // One connection is accepted in each turn.
    let turn = 0;
    const begun: number[] = [];
    const upgraded = jest.spyOn(UnauthenticatedSockets.prototype, 'upgraded').mockImplementation(() => {
      begun[turn] = (begun[turn] ?? 0) + 1;
    });
    sockets.forEach((socket) => socket.write(HANDSHAKE));
    while (begun.reduce((sum, count) => sum + count, 0) < sockets.length) {
      await new Promise((resolve) => setImmediate(resolve));
      turn += 1;
    }
    upgraded.mockRestore();
    sockets.forEach((socket) => socket.destroy());
    expect(Math.max(...begun.filter((count) => count > 0))).toBeLessThanOrEqual(32); // 16 each time, and a turn may begin in the middle.
  });

  it('keep their order through the upgrade from long polling', async () => {
    gateway = await RunningGateway.start();
    const socket = await gateway.connect({ token: await token() }, { transports: ['polling', 'websocket'] });
    const events = record(socket);
    await socket.emitWithAck('subscribe', { case_ids: ['A1'] });
    const sent: string[] = [];
    while (socket.io.engine.transport.name !== 'websocket' || sent.length < 200) {
      sent.push(await gateway.store.publish('A1'));
      if (sent.length % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await until(() => events.length === sent.length);
    expect(events.map(([, data]) => data.message.content)).toEqual(sent);
  });

  it.each([['websocket'], ['polling']])(
    'of a long replay come in parts, in order, then live ones (%s)',
    async (transport) => {
      gateway = await RunningGateway.start();
      const said: string[] = [];
      for (let count = 0; count < 1100; count += 1) {
        said.push(await gateway.store.publish(count % 2 === 0 ? 'A1' : 'A2', `${count}`));
      }
      const socket = await gateway.connect({ token: await token() }, { transports: [transport] });
      const events = record(socket);
      const ack = await socket.emitWithAck('subscribe', { case_ids: ['A1', 'A2'], history: 1000 });
      expect(ack).toMatchObject({ ok: true, replayed: 1100 });
      const contents = () => events.filter(([name]) => name === 'message').map(([, data]) => data.message.content);
      expect(contents()).toEqual(said);
      await gateway.store.publish('A1', 'live');
      await until(() => contents().length === 1101);
    },
  );

  it('are neither lost nor doubled when a live ticket is subscribed again', async () => {
    gateway = await RunningGateway.start();
    const socket = await gateway.connect({ token: await token() });
    const events = record(socket);
    const { last_event_id } = await socket.emitWithAck('subscribe', { case_ids: ['A1'] });
    await gateway.store.publish('A1', 'one');
    await until(() => events.length === 1);
    const again = await socket.emitWithAck('subscribe', { case_ids: ['A1'], last_event_id });
    expect(again).toMatchObject({ recovered: true, replayed: 1 });
    await gateway.store.publish('A1', 'two');
    await until(() => events.length === 3);
    expect(events.map(([, data]) => data.message.content)).toEqual(['one', 'one', 'two']);
  });

  it('stop at unsubscribe, which may be repeated', async () => {
    gateway = await RunningGateway.start();
    const socket = await gateway.connect({ token: await token() });
    const events = record(socket);
    await socket.emitWithAck('subscribe', { case_ids: ['A1', 'A2'] });
    expect(await socket.emitWithAck('unsubscribe', { case_ids: ['A1'] })).toEqual({ ok: true });
    expect(await socket.emitWithAck('unsubscribe', { case_ids: ['A1', 'A9'] })).toEqual({ ok: true });
    await gateway.store.publish('A1', 'no');
    await gateway.store.publish('A2', 'yes');
    await until(() => events.length === 1);
    expect(events[0]?.[1].message.content).toBe('yes');
  });

  it('W11: has the socket in one room per live ticket, whatever the group', async () => {
    const begun = jest.spyOn(EventsGateway.prototype, 'afterInit');
    gateway = await RunningGateway.start();
    const [server] = begun.mock.lastCall ?? [];
    const socket = await gateway.connect({ token: await token({ groups: ['g'] }) });
    const rooms = () =>
      [...(server?.sockets.adapter.socketRooms(socket.id ?? '') ?? [])].filter((room) => room !== socket.id);
    await socket.emitWithAck('subscribe', { case_ids: ['A1', 'A2'] });
    await socket.emitWithAck('subscribe', { case_ids: ['A1'], group_id: 'g' });
    await socket.emitWithAck('subscribe', { case_ids: ['A2'] });
    expect(new Set(rooms()).size).toBe(3);
    await socket.emitWithAck('unsubscribe', { case_ids: ['A1'] });
    expect(rooms()).toHaveLength(2);
    await socket.emitWithAck('unsubscribe', { case_ids: ['A1'], group_id: 'g' });
    await socket.emitWithAck('unsubscribe', { case_ids: ['A2'] });
    expect(rooms()).toEqual([]);
    begun.mockRestore();
  });

  it.each<[string, unknown, object]>([
    ['subscribe', { case_ids: [] }, { code: 'invalid' }],
    ['subscribe', null, { code: 'invalid' }],
    ['subscribe', { case_ids: ['B1', 'A1'] }, { code: 'forbidden', case_ids: ['B1'] }],
    ['subscribe', { case_ids: ['A1', 'A2', 'A3'] }, { code: 'too_many' }],
    ['unsubscribe', 'A1', { code: 'invalid' }],
    ['authenticate', { token: 'x' }, { code: 'unauthorized' }],
    ['sing', {}, { code: 'invalid', message: 'unknown event sing' }],
    ['sing'.repeat(17), {}, { code: 'invalid', message: `unknown event ${'sing'.repeat(16)}` }],
  ])('refuses %s %j in the acknowledgement, and lives on', async (event, body, error) => {
    gateway = await RunningGateway.start({ MAX_CASES_PER_SUBSCRIPTION: '2' });
    const socket = await gateway.connect({ token: await token() });
    expect(await socket.emitWithAck(event, body)).toEqual({ ok: false, error: expect.objectContaining(error) });
    expect(await socket.emitWithAck('subscribe', { case_ids: ['A1'] })).toMatchObject({ ok: true });
  });

  it('reach a page with a hundred subscribing components with few reads of history', async () => {
    gateway = await RunningGateway.start();
    const past: string[] = [];
    for (let at = 0; at < 5; at += 1) past.push(await gateway.store.publish(`A${at}`));
    const history = jest.spyOn(gateway.store.broker, 'history');
    const socket = await gateway.connect({ token: await token() });
    const events = record(socket);
    const acks = Array.from({ length: 300 }, (_, at) => socket.emitWithAck('subscribe', { case_ids: [`A${at}`] }));
    const answers = await Promise.all(acks);
    expect(answers.filter(({ ok }) => !ok)).toEqual([]);
    expect(answers.map(({ replayed }) => replayed).slice(0, 7)).toEqual([1, 1, 1, 1, 1, 0, 0]);
    expect(events.map(([, data]) => data.message.content).sort()).toEqual(past.sort());
    // Each read serves all requests that arrived during the one before.
    expect(history.mock.calls.length).toBeLessThan(30);
    const live = await gateway.store.publish('A299');
    await until(() => events.length === 6);
    expect(events.at(-1)?.[1].message.content).toBe(live);
  });

  it('X5: says what it was given instead of one object', async () => {
    gateway = await RunningGateway.start();
    const socket = await gateway.connect({ token: await token() });
    const words = async (...args: unknown[]) => (await socket.emitWithAck('subscribe', ...args)).error.message;
    expect(await words('A1')).toBe('the request must be an object, and it is of the type string');
    expect(await words(['A1'])).toBe('the request must be an object, and it is an array');
    expect(await words()).toBe('the request must be an object, and it is missing');
    expect(await words('A1', 'A2')).toBe('a request has one argument, and this one has 2');
    expect(await words({ case_ids: 'A1,A2' })).toBe('case_ids must be an array of ids, and it is of the type string');
    expect(await words({ case_ids: ['A1,A2'] })).toMatch(/without a comma$/);
  });

  it('counts a message that ended its connection by its size', async () => {
    gateway = await RunningGateway.start();
    const socket = await gateway.connect({ token: await token() });
    const ended = new Promise((resolve) => socket.once('disconnect', (_reason, details) => resolve(details)));
    socket.emit('subscribe', { case_ids: ['x'.repeat(600_000)] });
    expect(await ended).toMatchObject({ context: { code: 1009 } });
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(metrics).toMatch(/refusals_total\{code="payload_too_large"[^}]*\} 1/);
  });

  it('include a refusal if no acknowledgement was asked for', async () => {
    gateway = await RunningGateway.start();
    const socket = await gateway.connect({ token: await token() });
    const events = record(socket);
    socket.emit('subscribe', { case_ids: ['A1', 'B1'] });
    await until(() => events.length === 1);
    socket.emit('sing'.repeat(17));
    await until(() => events.length === 2);
    expect(events).toEqual([
      ['error', { request: 'subscribe', code: 'forbidden', message: expect.any(String), case_ids: ['B1'] }],
      ['error', { request: 'sing'.repeat(16), code: 'invalid', message: `unknown event ${'sing'.repeat(16)}` }],
    ]);
  });

  it('include nothing of a ticket that may not be read', async () => {
    gateway = await RunningGateway.start();
    const want = jest.spyOn(gateway.store.registry, 'want');
    const socket = await gateway.connect({ token: await token() });
    await socket.emitWithAck('subscribe', { case_ids: ['A1', 'B1'] });
    expect(want).not.toHaveBeenCalled();
  });

  it('need a handshake with a valid token, not of a page of another origin', async () => {
    gateway = await RunningGateway.start();
    await expect(gateway.connect({})).rejects.toMatchObject({ data: { code: 'unauthorized' } });
    await expect(gateway.connect({ token: 'x' })).rejects.toMatchObject({ data: { code: 'unauthorized' } });
    const extraHeaders = { origin: 'https://evil.example' };
    await expect(gateway.connect({ token: await token() }, { extraHeaders })).rejects.toMatchObject({
      description: { message: 'Unexpected server response: 403' },
    });
  });

  it('continue after authenticate, without the tickets that the new token does not cover', async () => {
    gateway = await RunningGateway.start();
    const socket = await gateway.connect({ token: await token({}, 2) });
    const events = record(socket);
    await socket.emitWithAck('subscribe', { case_ids: ['A1', 'A2'] });
    const foreign = { token: await token({ sub: 'bob' }) };
    expect(await socket.emitWithAck('authenticate', foreign)).toMatchObject({ error: { code: 'forbidden' } });
    const renewed = { token: await token({ cases: ['A2'] }) };
    expect(await socket.emitWithAck('authenticate', renewed)).toEqual({ ok: true });
    expect(events).toEqual([['revoked', { case_ids: ['A1'], reason: 'rights' }]]);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(socket.connected).toBe(true);
    await gateway.store.publish('A1', 'no');
    await gateway.store.publish('A2', 'yes');
    await until(() => events.length === 2);
    expect(events[1]?.[1].message.content).toBe('yes');
  });

  it('end with closing for a client that does not read, after all that was written before', async () => {
    gateway = await RunningGateway.start({ SLOW_CONSUMER_MAX_BYTES: '100000' });
    const socket = await gateway.connect({ token: await token() });
    const events = record(socket);
    await socket.emitWithAck('subscribe', { case_ids: ['A1'] });
    const { ws } = socket.io.engine.transport as unknown as { ws: { pause(): void; resume(): void } };
    ws.pause();
    const sent: string[] = [];
    for (let count = 0; count < 150; count += 1) {
      sent.push(await gateway.store.publish('A1', `${count} ${'x'.repeat(100_000)}`));
    }
    ws.resume();
    await until(() => !socket.connected);
    expect(events.pop()).toEqual(['closing', { reason: 'slow_consumer', retry_ms: expect.any(Number) }]);
    expect(events.map(([, data]) => data.message.content)).toEqual(sent.slice(0, events.length));
    expect(events.length).toBeLessThan(sent.length);
  });

  it('P3: hold one replay at most of a client that asks for many and reads none', async () => {
    gateway = await RunningGateway.start({ HISTORY_MAX_EVENTS: '1000' });
    for (let count = 1; count <= 25; count += 1) {
      await gateway.store.publish('A1', `${count} ${'x'.repeat(700_000)}`);
    }
    // The kernel gives a socket that has received much room for 33 MB, where all of the replay fits. This one has not.
    const socket = await gateway.connect({ token: await token() });
    const { ws } = socket.io.engine.transport as unknown as { ws: { pause(): void; resume(): void } };
    ws.pause();
    const most = jest.spyOn(Hub.prototype, 'subscribe');
    for (let count = 0; count < 100; count += 1) {
      socket.emit('subscribe', { case_ids: ['A1'], history: 1000 - count });
    }
    await until(() => most.mock.calls.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(most).toHaveBeenCalledTimes(1);
    ws.resume();
  });

  it('end with closing when the token expires, and the client connects again by itself', async () => {
    gateway = await RunningGateway.start();
    const socket = await gateway.connect({ token: await token({}, 1) });
    const events = record(socket);
    const reason = new Promise((resolve) => socket.once('disconnect', resolve));
    await expect(reason).resolves.toBe('transport close');
    expect(events).toEqual([['closing', { reason: 'token_expired', retry_ms: expect.any(Number) }]]);
  });
});
