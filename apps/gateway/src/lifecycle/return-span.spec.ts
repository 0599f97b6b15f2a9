import { returnSpan } from './return-span.js';

const accepts = (perS: number) => ({ kind: 'accepts', perS }) as const;
const leaves = (clients: number) => ({ kind: 'leaves', clients }) as const;

describe('the span over which clients of a drain come back', () => {
  it('is short where the others accept all of them while they are told', () => {
    expect(returnSpan([accepts(500)], 4000, 9000)).toEqual([100, 500]);
    expect(returnSpan([accepts(100), accepts(400)], 4500, 9000)).toEqual([100, 500]);
  });

  it('is as long as the others need, if that is longer', () => {
    expect(returnSpan([accepts(400)], 20_000, 9000)).toEqual([100, 50_100]);
    expect(returnSpan([accepts(400), accepts(400)], 20_000, 9000)).toEqual([100, 25_100]);
  });

  it('counts the clients of other gateways that drain at the same time', () => {
    expect(returnSpan([accepts(400), leaves(4000)], 4000, 9000)).toEqual([100, 20_100]);
  });

  it('is a minute at most', () => {
    expect(returnSpan([accepts(10)], 100_000, 9000)).toEqual([100, 60_100]);
  });

  it.each([[[]], [[leaves(10)]], [[accepts(0)]]])('is not known where nobody accepts: %j', (others) => {
    expect(returnSpan(others, 100, 9000)).toBeNull();
  });
});
