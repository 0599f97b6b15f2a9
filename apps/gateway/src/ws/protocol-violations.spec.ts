import { setImmediate as nextTick } from 'node:timers/promises';
import { RawWebSocket } from '../../../../test/harness/clients/raw-websocket.js';
import { clientFrame, closeFrame, OPCODE, textFrame } from '../../../../test/harness/clients/websocket-frames.js';
import { until } from '../../../../test/harness/until.js';
import { RunningGateway, token } from '../../test/running-gateway.js';

const { continuation, text, binary, close, ping, pong } = OPCODE;
const of = (opcode: number, payload: string | Buffer = '', more = {}) => clientFrame({ opcode, payload, ...more });
const part = (opcode: number, payload: string | Buffer) => of(opcode, payload, { isLast: false });
const bytes = (...values: number[]) => Buffer.from(values);
const singly = (frame: Buffer) => [...frame].map((byte) => bytes(byte));
/** A request with an acknowledgement. */
const REQUEST = '421["unsubscribe",{"case_ids":["A9"]}]';
const ANSWER = /^431\[\{"ok":true/;
/** `é` and `𝄞` in the name of an event that nobody knows. */
const UNICODE = Buffer.from('422["é𝄞"]');
/** Largest message of a gateway with the usual settings, bytes. */
const MESSAGE_MAX_BYTES = 524_288;

type Case = readonly [what: string, pieces: readonly Buffer[]];

/** What a client may send. */
const ALLOWED: readonly (readonly [...Case, answer: RegExp | null])[] = [
  ['a request in one frame', [textFrame(REQUEST)], ANSWER],
  [
    'a request in three fragments',
    [part(text, REQUEST.slice(0, 9)), part(continuation, REQUEST.slice(9, 20)), of(continuation, REQUEST.slice(20))],
    ANSWER,
  ],
  ['a request byte by byte', singly(textFrame(REQUEST)), ANSWER],
  [
    'fragments of no length',
    [part(text, ''), part(continuation, REQUEST), part(continuation, ''), of(continuation)],
    ANSWER,
  ],
  [
    'a ping between fragments',
    [part(text, REQUEST.slice(0, 9)), of(ping, 'now'), of(continuation, REQUEST.slice(9))],
    ANSWER,
  ],
  [
    'letters that are cut by fragments',
    [
      part(text, UNICODE.subarray(0, 6)),
      part(continuation, UNICODE.subarray(6, 9)),
      of(continuation, UNICODE.subarray(9)),
    ],
    /^432\[\{"ok":false/,
  ],
  ['a ping without payload', [of(ping)], null],
  ['the longest ping', [of(ping, 'x'.repeat(125))], null],
  ['many pings', Array.from({ length: 50 }, (_, at) => of(ping, `ping ${at}`)), null],
  ['a pong that nobody asked for', [of(pong, 'unasked')], null],
  ['a pong of Engine.IO', [textFrame('3')], null],
  ['a closing packet of Engine.IO, which counts with long polling only', [textFrame('1')], null],
];

/** What breaks RFC 6455, and the close code that answers it (7.4.1). */
const VIOLATIONS: readonly (readonly [...Case, code: number])[] = [
  ...[1, 2, 3, 4, 7].map((reserved): [string, Buffer[], number] => [
    `reserved bits ${reserved}`,
    [textFrame(REQUEST, { reserved })],
    1002,
  ]),
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode): [string, Buffer[], number] => [
    `the opcode ${opcode}`,
    [of(opcode, 'x')],
    1002,
  ]),
  ['a frame that is not masked', [textFrame(REQUEST, { masked: false })], 1002],
  ['a ping of 126 bytes', [of(ping, 'x'.repeat(126))], 1002],
  ['a ping in fragments', [part(ping, 'x')], 1002],
  ['a pong of 126 bytes', [of(pong, 'x'.repeat(126))], 1002],
  ['a reserved bit on a ping', [of(ping, 'x', { reserved: 4 })], 1002],
  ['a fragment that goes on with nothing', [of(continuation, 'x')], 1002],
  ['a text inside of a text', [part(text, '42'), textFrame('42')], 1002],
  ['a binary inside of a text', [part(text, '42'), of(binary, 'x')], 1002],
  ['bytes that are no frame', [bytes(0xff, 0xff, 0xff, 0xff, 0xff, 0xff)], 1002],
  ['a second HTTP request', [Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n')], 1002],
  ['an overlong letter', [textFrame(bytes(0x34, 0x32, 0xc0, 0xaf))], 1007],
  ['a surrogate', [textFrame(bytes(0x34, 0x32, 0xed, 0xa0, 0x80))], 1007],
  ['a letter beyond Unicode', [textFrame(bytes(0x34, 0x32, 0xf4, 0x90, 0x80, 0x80))], 1007],
  ['half a letter', [textFrame(bytes(0x34, 0x32, 0xc3))], 1007],
  ['half a letter in the last fragment', [part(text, '42'), of(continuation, bytes(0xe2, 0x82))], 1007],
  ['a length beyond what is served', [textFrame('42', { saidLength: BigInt(MESSAGE_MAX_BYTES + 1) })], 1009],
  ['a length of a petabyte', [textFrame('42', { saidLength: 1n << 50n })], 1009],
  ['a length with the highest bit', [textFrame('42', { saidLength: (1n << 63n) | 5n })], 1009],
  ['fragments that are too large together', [part(text, '4'.repeat(MESSAGE_MAX_BYTES)), of(continuation, 'xx')], 1009],
  ['a thousand fragments', [part(text, '42'), ...Array.from({ length: 1000 }, () => part(continuation, 'x'))], 1008],
  ['a Close of one byte', [of(close, 'x')], 1002],
  ['a Close of 126 bytes', [of(close, Buffer.concat([bytes(3, 232), Buffer.alloc(124, 'x')]))], 1002],
  ['a Close in fragments', [part(close, bytes(3, 232))], 1002],
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map((code): [string, Buffer[], number] => [
    `a Close with the code ${code}`,
    [closeFrame(code)],
    1002,
  ]),
  ['a Close whose reason is no UTF-8', [closeFrame(1000, bytes(0xff, 0xfe))], 1007],
];

/** What ends a connection in order, and the close code that comes back. */
const GOODBYES: readonly (readonly [...Case, code: number])[] = [
  ['a Close without a code', [of(close)], 1005],
  ...[1000, 1001, 1003, 1008, 1011, 3000, 4999].map((code): [string, Buffer[], number] => [
    `a Close with the code ${code}`,
    [closeFrame(code, 'why')],
    code,
  ]),
  ['a Close with data behind it', [closeFrame(1000), textFrame(REQUEST), of(ping, 'x'), closeFrame(1001)], 1000],
  ['a Close with garbage behind it', [closeFrame(1000), bytes(0xff, 0xff, 0xff, 0xff)], 1000],
  ['a Close inside of a message', [part(text, '42'), closeFrame(1000)], 1000],
];

/** Wrong packets of Engine.IO and Socket.IO in right frames. They end the connection without a Close frame (W10). */
const WRONG_PACKETS: readonly Case[] = [
  ['a binary message that nobody announced', [of(binary, 'x')]],
  [
    'an attachment that is a text',
    [textFrame('451-["subscribe",{"_placeholder":true,"num":0}]'), textFrame('42["x"]')],
  ],
  ['a packet type of Socket.IO that does not exist', [textFrame('49')]],
  ['a Socket.IO packet that is no JSON', [textFrame('42{')]],
  ['a disconnect of Socket.IO', [textFrame('41')]],
  ['a ping of Engine.IO, which only servers send', [textFrame('2')]],
];

/**
 * Finished frames are written to the TCP socket past the package `ws`, while `ws` writes Pong and Close frames to the same
 * socket. A strict reader of its own checks every byte that leaves.
 */
describe('a WebSocket that gets live messages while its client sends', () => {
  let gateway: RunningGateway;
  const opened: RawWebSocket[] = [];
  beforeAll(async () => {
    gateway = await RunningGateway.start({ MAX_CONNECTIONS_PER_SUBJECT: '1000' });
  });
  afterEach(() => opened.splice(0).forEach(({ tcp }) => tcp.destroy()));
  afterAll(() => gateway.stop());

  /** Sends the pieces while messages are published in many ticks. @returns the contents that were published */
  async function whileLive(pieces: readonly Buffer[]): Promise<{ socket: RawWebSocket; published: string[] }> {
    const socket = await RawWebSocket.subscribed(Number(new URL(gateway.url).port), await token(), ['A1']);
    opened.push(socket);
    const published: string[] = [];
    const publish = async (count: number) => {
      for (let left = count; left > 0; left -= 1) {
        published.push(await gateway.store.publish('A1'));
        if (left % 3 === 0) await nextTick();
      }
    };
    const publishing = publish(40);
    await nextTick();
    for (const piece of pieces) {
      socket.send(piece);
      if (pieces.length < 100) await nextTick();
    }
    await publishing;
    await publish(10);
    return { socket, published };
  }

  const contentsOf = ({ frames }: RawWebSocket) =>
    frames.texts
      .filter((one) => one.startsWith('42["message"'))
      .map((one) => JSON.parse(one.slice(2))[1].message.content);

  /** Every frame is right, and what arrived is a beginning of what was published, without a hole. */
  function expectRight(socket: RawWebSocket, published: readonly string[]): void {
    const contents = contentsOf(socket);
    expect([socket.frames.faults, socket.frames.unfinished, socket.frames.binaries]).toEqual([[], 0, 0]);
    expect(contents).toEqual(published.slice(0, contents.length));
  }

  it.each(ALLOWED)('goes on after %s', async (_what, pieces, answer) => {
    const { socket, published } = await whileLive(pieces);
    await until(() => contentsOf(socket).length === published.length);
    if (answer) await socket.untilText(answer);
    expectRight(socket, published);
    expect([socket.isEnded, socket.frames.closeCode]).toEqual([false, null]);
  });

  it('answers each ping with its own payload, in order', async () => {
    const payloads = Array.from({ length: 50 }, (_, at) => `ping ${at}`.padEnd(at * 2, '.'));
    const { socket, published } = await whileLive(payloads.map((payload) => of(ping, payload)));
    await until(() => socket.frames.pongs.length === payloads.length && contentsOf(socket).length === published.length);
    expect(socket.frames.pongs.map(String)).toEqual(payloads);
    expectRight(socket, published);
  });

  it.each(VIOLATIONS)('is closed for %s, with the right code', async (_what, pieces, code) => {
    const { socket, published } = await whileLive(pieces);
    await until(() => socket.isEnded);
    expectRight(socket, published);
    expect(socket.frames.closeCode).toBe(code);
  });

  it.each(GOODBYES)('answers %s, and sends nothing more', async (_what, pieces, code) => {
    const { socket, published } = await whileLive(pieces);
    await until(() => socket.isEnded);
    expectRight(socket, published);
    expect(socket.frames.closeCode).toBe(code);
  });

  it.each(WRONG_PACKETS)('ends after %s', async (_what, pieces) => {
    const { socket, published } = await whileLive(pieces);
    await until(() => socket.isEnded);
    expectRight(socket, published);
  });
});
