import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { SilentPeer } from '../../../../test/harness/clients/silent-peer.js';
import { until } from '../../../../test/harness/until.js';
import { TcpTable, type TcpState } from './tcp-table.js';

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Linux has it. On other systems a gateway does not know which peers are dead (OPERATIONS.md). */
describe('the table of TCP sockets', () => {
  const table = new TcpTable();
  const servers: Server[] = [];
  const peers: (Socket | SilentPeer)[] = [];
  const kept: Socket[] = [];
  afterAll(async () => {
    for (const peer of peers.splice(0)) {
      if (peer instanceof SilentPeer) await peer.kill();
      else peer.destroy();
    }
    kept.splice(0).forEach((socket) => socket.destroy());
    servers.splice(0).forEach((server) => server.close());
  });

  async function listen(host: string) {
    const mine: Socket[] = [];
    const server = createServer((socket) => {
      mine.push(socket.on('error', () => undefined));
      kept.push(socket);
      socket.write('hello\n');
    });
    servers.push(server);
    server.listen(0, host);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return { port, accepted: () => until(() => mine.length > 0).then(() => mine[0] as Socket) };
  }

  const stateOf = async (socket: Socket): Promise<TcpState | undefined> => (await table.of([socket])).get(socket);

  it.each(['127.0.0.1', '::1'])('says that a peer at %s has acknowledged all', async (host) => {
    const { port, accepted } = await listen(host);
    peers.push(connect(port, host).resume());
    const socket = await accepted();
    await wait(50);
    expect(await stateOf(socket)).toEqual({ unacknowledged: 0, unanswered: 0 });
  });

  // Both wait for seconds.
  it.concurrent('says what a peer has not acknowledged that is gone, and that it answers nothing', async () => {
    const { port, accepted } = await listen('127.0.0.1');
    const peer = await SilentPeer.open(port, 'x');
    peers.push(peer);
    const socket = await accepted();
    expect(await stateOf(socket)).toMatchObject({ unacknowledged: 0 });
    await peer.vanish();
    socket.write('seven 7');
    await wait(2000);
    const state = await stateOf(socket);
    expect(state?.unacknowledged).toBe(7);
    expect(state?.unanswered).toBeGreaterThanOrEqual(2);
  });

  it.concurrent(
    'tells a peer that does not read from one that is gone: it answers, though not all is acknowledged',
    async () => {
      const { port, accepted } = await listen('127.0.0.1');
      const peer = await SilentPeer.open(port, 'x');
      peers.push(peer);
      const socket = await accepted();
      peer.freeze();
      for (let count = 0; count < 400; count += 1) socket.write(Buffer.alloc(65_536));
      await wait(2000);
      const state = await stateOf(socket);
      expect(state?.unacknowledged).toBeGreaterThan(0);
      expect(state?.unanswered).toBeLessThan(2);
    },
  );

  it('knows nothing of a socket that is closed, nor of any where there is no table', async () => {
    const { port, accepted } = await listen('127.0.0.1');
    peers.push(connect(port, '127.0.0.1').resume());
    const socket = await accepted();
    expect((await new TcpTable(['/proc/net/none']).of([socket])).size).toBe(0);
    socket.destroy();
    await once(socket, 'close');
    expect((await table.of([socket])).size).toBe(0);
  });
});
