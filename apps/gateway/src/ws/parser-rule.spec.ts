import { io, type Socket } from 'socket.io-client';
import { io as io31 } from 'socket.io-client31';
import { io as io40 } from 'socket.io-client40';
import * as msgpack from 'socket.io-msgpack-parser';
import { RunningGateway, token } from '../../test/running-gateway.js';
import { until } from '../../../../test/harness/until.js';

/** Long enough for several attempts at this pace, ms. */
const RECONNECTION = { reconnectionDelay: 10, reconnectionDelayMax: 20 };
const QUIET_MS = 400;

describe('a client with another parser', () => {
  const gateways: RunningGateway[] = [];
  const sockets: Socket[] = [];
  afterAll(async () => {
    sockets.forEach((socket) => socket.disconnect());
    await Promise.all(gateways.map((gateway) => gateway.stop()));
  });

  async function start(): Promise<RunningGateway> {
    const gateway = await RunningGateway.start();
    gateways.push(gateway);
    return gateway;
  }

  const refused = async (gateway: RunningGateway) => {
    const text = await (await fetch(`${gateway.url}/metrics`)).text();
    return Number(/refusals_total\{[^}]*code="invalid"[^}]*\} (\d+)/.exec(text)?.[1] ?? 0);
  };

  // Each looks for a while whether the client comes back, so they look at once.
  it.concurrent.each([
    ['4.8', io, ['websocket']],
    ['4.8', io, ['polling']],
    ['4.8', io, ['polling', 'websocket']],
    ['4.0', io40 as unknown as typeof io, ['websocket']],
    ['4.0', io40 as unknown as typeof io, ['polling', 'websocket']],
    ['3.1', io31 as unknown as typeof io, ['websocket']],
    ['3.1', io31 as unknown as typeof io, ['polling', 'websocket']],
  ])(
    'W12: is refused in its own encoding, counted, and does not come back: %s',
    async (_version, connect, transports) => {
      const gateway = await start();
      const auth = { token: await token() };
      const socket = connect(gateway.url, { transports, parser: msgpack, forceNew: true, auth, ...RECONNECTION });
      sockets.push(socket);
      const errors: (Error & { data?: object })[] = [];
      let opened = 0;
      socket.on('connect_error', (error) => errors.push(error));
      socket.io.on('open', () => (opened += 1));
      await until(() => errors.length > 0);
      expect(errors[0]?.message).toMatch(/another parser.*Leave out the option parser/);
      expect(errors[0]?.data).toEqual({ code: 'invalid' });
      await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
      expect([opened, errors.length, socket.active]).toEqual([1, 1, false]);
      expect(await refused(gateway)).toBe(1);
    },
  );

  it('does not keep others from sending binary attachments', async () => {
    const gateway = await start();
    const socket = await gateway.connect({ token: await token() });
    expect(await socket.emitWithAck('subscribe', Buffer.from('x'))).toMatchObject({ ok: false });
    expect(await socket.emitWithAck('subscribe', { case_ids: ['A1'] })).toMatchObject({ ok: true });
  });
});
