import type { Publication } from '#core';
import { FrameCache } from './frame-cache.js';

const FEED = { language: 'en-us' };
const said = (text: string) => ({ text }) as unknown as Publication;

function cache() {
  const encode = jest.fn((publication: Publication) => Buffer.from((publication as unknown as { text: string }).text));
  return { encode, frames: new FrameCache<Buffer>(encode, (frame) => frame) };
}

describe('the frames of a replay', () => {
  it('are joined once for all that have the same list', () => {
    const { encode, frames } = cache();
    const replay = [said('a'), said('bb'), said('c')];
    const [first, second] = [frames.runsOf(replay, FEED), frames.runsOf(replay, FEED)];
    expect(first.map(({ bytes }) => bytes.toString())).toEqual(['abbc']);
    expect(second).toBe(first);
    expect(second[0]?.bytes).toBe(first[0]?.bytes);
    expect(encode).toHaveBeenCalledTimes(3);
    expect(frames.runsOf([...replay], FEED)).not.toBe(first);
    expect(encode).toHaveBeenCalledTimes(3);
  });

  it('come in runs of 64 KiB and one more frame', () => {
    const { frames } = cache();
    const replay = ['a', 'b', 'c', 'd', 'e'].map((one) => said(one.repeat(30_000)));
    const runs = frames.runsOf(replay, FEED);
    expect(runs.map(({ length }) => length)).toEqual([90_000, 60_000]);
    expect(Buffer.concat(runs.map(({ bytes }) => bytes)).toString()).toMatch(/^a+b+c+d+e+$/);
  });

  it('of nothing are no runs', () => {
    expect(cache().frames.runsOf([], FEED)).toEqual([]);
  });
});

describe('the frames of a part of a long replay', () => {
  it('are one run, and are made once for all that have the same list', () => {
    const { encode, frames } = cache();
    const part = [said('a'), said('bb')];
    const first = frames.partOf(part, FEED, true);
    expect([first.bytes.toString(), frames.partOf(part, FEED, true)]).toEqual(['abb', first]);
    expect(encode).toHaveBeenCalledTimes(2);
  });

  it('are not kept where nobody else gets the list', () => {
    const { encode, frames } = cache();
    const part = [said('a')];
    expect(frames.partOf(part, FEED, false)).not.toBe(frames.partOf(part, FEED, false));
    expect(encode).toHaveBeenCalledTimes(2);
  });
});

describe('the frame of a live publication', () => {
  it('is made once for all that get it in a row, and is not kept', () => {
    const { encode, frames } = cache();
    const [one, two] = [said('a'), said('b')];
    const first = frames.live(one, FEED);
    expect([frames.live(one, FEED), frames.live(two, FEED)]).toEqual([first, Buffer.from('b')]);
    expect(encode).toHaveBeenCalledTimes(2);
    expect(frames.live(one, FEED)).not.toBe(first);
  });

  it('is kept from the first time on that it is asked for as a past one', () => {
    const { encode, frames } = cache();
    const [one, two] = [said('a'), said('b')];
    const live = frames.live(one, FEED);
    expect(frames.of(one, FEED)).toBe(live);
    frames.live(two, FEED);
    expect([frames.of(one, FEED), frames.live(one, FEED), frames.once(one, FEED)]).toEqual([live, live, live]);
    expect(encode).toHaveBeenCalledTimes(2);
  });
});
