import { once } from 'node:events';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
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

  describe('as the kernel writes it', () => {
    const folder = fs.mkdtempSync(join(tmpdir(), 'tcp-table-'));
    const path = join(folder, 'tcp');
    let socket: Socket;
    let row: string;
    let other: string;
    const rowOf = (inode: string, queues: string) =>
      `  12: 0100007F:1F90 0100007F:0050 04 ${queues}:00000003 01:00000014 0000000B  1000        2 ${inode} 2 0000 20 4 30 10 -1\n`;
    beforeAll(async () => {
      const { port, accepted } = await listen('127.0.0.1');
      peers.push(connect(port, '127.0.0.1').resume());
      const { _handle: handle } = (await accepted()) as unknown as { _handle: { fd: number } };
      // A peer at a small port: the table writes it with zeros before it.
      socket = { _handle: handle, remotePort: 80 } as unknown as Socket;
      const inode = fs.readlinkSync(`/proc/self/fd/${handle.fd}`).replace(/\D/g, '');
      [row, other] = [rowOf(inode, '0001E240'), rowOf('1', '00000001')];
    });
    afterEach(() => {
      jest.restoreAllMocks();
      jest.useRealTimers();
    });
    afterAll(() => {
      fs.rmSync(folder, { recursive: true });
    });

    it('has hexadecimal bytes and repeats, and decimal probes', async () => {
      fs.writeFileSync(path, `  sl  local_address\n${other}${row}${other}`);
      expect([...(await new TcpTable([path]).of([socket])).values()]).toEqual([
        { unacknowledged: 123_456, unanswered: 11 + 2 },
      ]);
    });

    it('is read in pieces, and a row may be in two of them', async () => {
      const before = other.repeat(Math.floor(65_536 / other.length));
      fs.writeFileSync(path, before + row + other); // A piece has 64 KiB.
      expect(before.length + row.length).toBeGreaterThan(65_536);
      expect((await new TcpTable([path]).of([socket])).size).toBe(1);
    });

    it('is read once for all that ask together, and again for those that ask later, after a pause', async () => {
      jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
      const reads = jest.spyOn(fs, 'createReadStream');
      const own = new TcpTable([path]);
      fs.writeFileSync(path, row);
      const found = await Promise.all([own.of([socket]), own.of([socket])]);
      expect(found.map(({ size }) => size)).toEqual([1, 1]);
      expect(reads).toHaveBeenCalledTimes(1);
      fs.writeFileSync(path, other); // Of that time nothing is known.
      const later = own.of([socket]);
      jest.advanceTimersByTime(249);
      await new Promise((resolve) => setImmediate(resolve));
      expect(reads).toHaveBeenCalledTimes(1);
      await jest.advanceTimersByTimeAsync(60_000); // However long the reading took.
      expect((await later).size).toBe(0);
      expect(reads).toHaveBeenCalledTimes(2);
    });

    it('does not forget what it has read when another one asks before it has read all', async () => {
      let goOn: () => void = () => undefined;
      const isAsked = new Promise<void>((resolve) => (goOn = resolve));
      let hasRead: () => void = () => undefined;
      const begun = new Promise<void>((resolve) => (hasRead = resolve));
      const pieces = async function* () {
        yield row;
        hasRead();
        await isAsked;
      };
      jest.spyOn(fs, 'createReadStream').mockReturnValueOnce(Readable.from(pieces()) as never);
      fs.writeFileSync(path, other);
      const own = new TcpTable([path]);
      const first = own.of([socket]);
      await begun;
      const next = own.of([socket]);
      goOn();
      expect([(await first).size, (await next).size]).toEqual([1, 0]);
    });
  });
});
