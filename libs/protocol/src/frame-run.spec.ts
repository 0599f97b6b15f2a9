import { FrameRun } from './frame-run.js';

interface Frame {
  readonly bytes: Buffer;
}
const frame = (text: string): Frame => ({ bytes: Buffer.from(text) });
const start = () => FrameRun.empty<Frame>(({ bytes }) => bytes);

describe('FrameRun', () => {
  it('is the bytes of its frames, in order', () => {
    const [a, b, c] = [frame('a'), frame('bb'), frame('c')];
    const run = start().with(a).with(b).with(c);
    expect(run.bytes.toString()).toBe('abbc');
    expect(run.length).toBe(4);
    expect(run.frames()).toEqual([a, b, c]);
  });

  it('of one frame copies nothing', () => {
    const only = frame('only');
    expect(start().with(only).bytes).toBe(only.bytes);
  });

  it('is shared by clients that get the same frames', () => {
    const empty = start();
    const [a, b] = [frame('a'), frame('b')];
    const clients = [empty.with(a), empty.with(a)].map((run) => run.with(b));
    expect(clients[1]).toBe(clients[0]);
    expect(clients[1]?.bytes).toBe(clients[0]?.bytes);
  });

  it('is not shared by clients that get different frames', () => {
    const empty = start();
    const [a, b, twin] = [frame('a'), frame('b'), frame('b')];
    const left = empty.with(a).with(b);
    const right = empty.with(a).with(twin);
    expect(left.bytes.toString()).toBe('ab');
    expect(right).not.toBe(left);
    expect(empty.with(b).frames()).toEqual([b]);
    expect(left.frames()[1]).toBe(b);
  });
});
