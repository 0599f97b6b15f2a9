import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { Server, type Socket } from 'socket.io';
import { SioFrames, sioEvent, type SioFrame } from '#protocol';
import { EnginePipe } from './engine-pipe.js';

const UPGRADE =
  'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
/** `40`, masked with zeros. */
const CONNECT = Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x34, 0x30]);
/** Payloads of lengths around the limits of each form of a WebSocket frame's header. */
const DATA = [0, 100, 125, 126, 400, 65_535, 70_000].map((length) => ({ text: 'ü'.repeat(length), n: length }));

describe('EnginePipe', () => {
  const http = createServer();
  const io = new Server(http, { perMessageDeflate: false });
  let port = 0;
  beforeAll(async () => {
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    port = (http.address() as AddressInfo).port;
  });
  afterAll(() => io.close());

  /** The bytes that arrive at a client after `send` was called with its server side. */
  async function received(send: (socket: Socket) => void): Promise<Buffer> {
    const connected = once(io, 'connection') as Promise<[Socket]>;
    const tcp = connect(port, '127.0.0.1');
    const pieces: Buffer[] = [];
    tcp.on('data', (bytes: Buffer) => pieces.push(bytes));
    tcp.write(UPGRADE);
    await once(tcp, 'data');
    tcp.write(CONNECT);
    const [socket] = await connected;
    await untilNothingComes(pieces);
    pieces.length = 0;
    send(socket);
    await untilNothingComes(pieces);
    tcp.destroy();
    return Buffer.concat(pieces);
  }

  const frames = DATA.map((data) => sioEvent('message', JSON.stringify(data)));
  const run = (some: readonly SioFrame[]) =>
    some.reduce((sum, frame) => sum.with(frame), new SioFrames({ idOf: () => 'id' }).emptyRun);
  const emitAll = (socket: Socket) => DATA.forEach((data) => socket.emit('message', data));

  it('sends the same bytes as emit, one by one', async () => {
    const ours = await received((socket) => {
      const pipe = new EnginePipe(socket.conn);
      frames.forEach((frame) => pipe.write(run([frame])));
    });
    expect(ours.equals(await received(emitAll))).toBe(true);
  });

  it('sends the same bytes as emit, in one piece', async () => {
    const ours = await received((socket) => new EnginePipe(socket.conn).write(run(frames)));
    expect(ours.equals(await received(emitAll))).toBe(true);
  });

  it('sends behind the packets that engine.io still holds', async () => {
    const first = { text: 'first' };
    const ours = await received((socket) => {
      const pipe = new EnginePipe(socket.conn);
      pipe.write(run(frames)); // engine.io held nothing before, and the pipe has to look again.
      socket.emit('message', first);
      socket.emit('message', first); // It waits for the packet before it.
      pipe.write(run(frames));
      socket.emit('message', first);
    });
    const plain = await received((socket) => {
      emitAll(socket);
      socket.emit('message', first);
      socket.emit('message', first);
      emitAll(socket);
      socket.emit('message', first);
    });
    expect(ours.equals(plain)).toBe(true);
  });

  describe('over long polling', () => {
    const POLLING = '/socket.io/?EIO=4&transport=polling';

    /** A client that polls when a test says so, and its server side. */
    async function polling() {
      const connected = once(io, 'connection') as Promise<[Socket]>;
      const url = `http://127.0.0.1:${port}${POLLING}`;
      const { sid } = JSON.parse((await (await fetch(url)).text()).slice(1)) as { sid: string };
      const poll = async () => (await fetch(`${url}&sid=${sid}`)).text();
      await fetch(`${url}&sid=${sid}`, { method: 'POST', body: '40' });
      const [socket] = await connected;
      await poll(); // It brings the acknowledgement of the connection.
      return { socket, pipe: new EnginePipe(socket.conn), poll };
    }

    it('counts bytes as unsent until a poll of the client has fetched them', async () => {
      const { socket, pipe, poll } = await polling();
      const bytes = frames.reduce((sum, { frame }) => sum + frame.length, 0);
      for (let round = 0; round < 3; round += 1) {
        expect(pipe.unsentBytes).toBe(0);
        expect(pipe.write(run(frames))).toBe(false);
        expect(pipe.unsentBytes).toBe(bytes);
        pipe.write(run(frames.slice(0, 1)));
        expect(pipe.unsentBytes).toBe(bytes + (frames[0]?.frame.length ?? 0));
        const got = await poll();
        expect(got.split('\x1e').map((packet) => JSON.parse(packet.slice(2))[1].n)).toEqual([
          ...DATA.map(({ n }) => n),
          0,
        ]);
      }
      expect(pipe.unsentBytes).toBe(0);
      socket.disconnect(true);
    });

    it('answers a poll with 16 packets, and the next one with those that follow', async () => {
      const { socket, pipe, poll } = await polling();
      const small = Array.from({ length: 40 }, (_, n) => sioEvent('message', JSON.stringify({ n })));
      const bytes = (from: number) => small.slice(from).reduce((sum, { frame }) => sum + frame.length, 0);
      pipe.write(run(small.slice(0, 20)));
      socket.emit('message', { n: 'between' });
      pipe.write(run(small.slice(20)));
      const answers: unknown[][] = [];
      const unsent: number[] = [];
      for (let polls = 0; polls < 3; polls += 1) {
        const packets = (await poll()).split('\x1e');
        answers.push(packets.map((packet) => JSON.parse(packet.slice(2))[1].n));
        unsent.push(pipe.unsentBytes);
      }
      const all = [
        ...Array.from({ length: 20 }, (_, n) => n),
        'between',
        ...Array.from({ length: 20 }, (_, n) => n + 20),
      ];
      expect(answers).toEqual([all.slice(0, 16), all.slice(16, 32), all.slice(32)]);
      expect(unsent).toEqual([bytes(16), bytes(31), 0]);
      socket.disconnect(true);
    });

    it('ends after all that waited, however many polls that takes', async () => {
      const { pipe, poll } = await polling();
      pipe.write(run(Array.from({ length: 40 }, (_, n) => sioEvent('message', JSON.stringify({ n })))));
      pipe.close();
      const packets = [await poll(), await poll(), await poll()].map((answer) => answer.split('\x1e').length);
      expect(packets).toEqual([16, 16, 8]);
      expect(await poll()).toContain('Session ID unknown');
    });

    it('counts nothing for a client that is gone', async () => {
      const { socket, pipe } = await polling();
      socket.disconnect(true);
      pipe.write(run(frames));
      expect(pipe.unsentBytes).toBe(0);
    });
  });
});

/** Resolves when nothing has arrived for a moment. */
async function untilNothingComes(pieces: readonly Buffer[]): Promise<void> {
  for (let before = -1; before < pieces.length || pieces.length === 0;) {
    before = pieces.length;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
