import { clientFrame, OPCODE, ServerFrames, type FrameOptions } from './websocket-frames.js';

const { text, continuation, close, ping, binary } = OPCODE;
/** The frame of a server: it has no mask. */
const frame = (opcode: number, payload: string | Buffer = '', more: Partial<FrameOptions> = {}) =>
  clientFrame({ opcode, payload, masked: false, ...more });
const read = (...frames: readonly Buffer[]) => {
  const reader = new ServerFrames();
  // Byte by byte, as a network may deliver.
  for (const byte of Buffer.concat(frames)) reader.push(Buffer.from([byte]));
  return reader;
};

describe('the strict reader of WebSocket frames', () => {
  it('reads texts of all lengths, fragments, control frames and the close code', () => {
    const texts = ['', 'x'.repeat(125), 'x'.repeat(126), 'é'.repeat(40_000)];
    const parts = [frame(text, 'a', { isLast: false }), frame(ping, 'p'), frame(continuation, 'b')];
    const reader = read(
      ...texts.map((each) => frame(text, each)),
      ...parts,
      frame(binary, 'a'),
      frame(close, Buffer.from([3, 232])),
    );
    expect(reader.faults).toEqual([]);
    expect(reader.texts).toEqual([...texts, 'ab']);
    expect([reader.pings, reader.binaries, reader.closeCode, reader.unfinished]).toEqual([1, 1, 1000, 0]);
  });

  it.each<[string, readonly Buffer[], string]>([
    ['a mask', [clientFrame({ opcode: text, payload: 'a' })], 'does not mask'],
    ['a reserved bit', [frame(text, 'a', { reserved: 4 })], 'reserved bit'],
    ['an unknown opcode', [frame(3, 'a')], 'opcode 3'],
    ['an unknown control opcode', [frame(11, 'a')], 'opcode 11'],
    ['a length in eight bytes that needs one', [frame(text, 'a', { saidLength: 1n })], 'shortest form'],
    ['a ping in fragments', [frame(ping, 'a', { isLast: false })], 'in parts'],
    ['a long ping', [frame(ping, 'a'.repeat(126))], 'too long'],
    ['a text inside of a text', [frame(text, 'a', { isLast: false }), frame(text, 'b')], 'inside another'],
    ['a fragment without a begin', [frame(continuation, 'a')], 'without a begin'],
    ['half a letter', [frame(text, Buffer.from([0xc3]))], 'not UTF-8'],
    ['a frame after Close', [frame(close), frame(text, 'a')], 'follows the Close'],
    ['a Close of one byte', [frame(close, 'a')], 'one byte'],
  ])('finds %s', (_what, frames, fault) => {
    expect(read(...frames).faults).toEqual([expect.stringContaining(fault)]);
  });
});
