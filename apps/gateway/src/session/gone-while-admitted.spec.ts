import { request } from 'node:http';
import type { Socket } from 'node:net';
import { io } from 'socket.io-client';
import { until } from '../../../../test/harness/until.js';
import { RunningGateway, token } from '../../test/running-gateway.js';
import { TestStore } from '../../test/test-store.js';

/** The subject may have one connection. If the one of the client that went counted, there would be no further one. */
describe('a client that goes while it is admitted is not counted', () => {
  let gateway: RunningGateway;
  let store: TestStore;
  beforeEach(async () => {
    store = new TestStore();
    gateway = await RunningGateway.start({ MAX_CONNECTIONS_PER_SUBJECT: '1' }, store);
  });
  afterEach(() => gateway.stop());

  /** Begins a connection, ends it while the store is asked, and lets the store answer then. */
  async function comeAndGo(come: () => Promise<() => void>) {
    let admit: () => void = () => undefined;
    const counted = new Promise<boolean>((resolve) => (admit = () => resolve(true)));
    const adding = jest.spyOn(store.counts, 'add').mockReturnValueOnce(counted);
    const closed = new Promise<void>((resolve) => {
      gateway.server.once('connection', (socket: Socket) => socket.once('close', () => resolve()));
    });
    const go = await come();
    await until(() => adding.mock.calls.length === 1);
    go();
    await closed;
    admit();
  }

  it('over SSE', async () => {
    const authorization = `Bearer ${await token()}`;
    await comeAndGo(async () => {
      const stream = request(`${gateway.url}/v1/events?case_ids=A1`, { headers: { authorization } });
      stream.on('error', () => undefined).end();
      return () => stream.destroy();
    });
    await until(async () => (await gateway.read('/v1/events?case_ids=A1')).response.statusCode === 200);
  });

  it('over Socket.IO', async () => {
    const auth = { token: await token() };
    await comeAndGo(async () => {
      const socket = io(gateway.url, { auth, transports: ['websocket'], reconnection: false });
      return () => socket.disconnect();
    });
    const connects = () => gateway.connect(auth).then(({ connected }) => connected);
    await until(() => connects().catch(() => false));
  });
});
