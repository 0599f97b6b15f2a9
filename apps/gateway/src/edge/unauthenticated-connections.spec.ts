import { type CutReason, UnauthenticatedConnections } from './unauthenticated-connections.js';

describe('connections that have shown no token', () => {
  let told: unknown[];
  let connections: UnauthenticatedConnections;
  const cut = jest.fn();
  const keys = [{ name: 'a' }, { name: 'b' }, { name: 'c' }] as const;
  const [a, b, c] = keys;
  const add = (key: { readonly name: string }, endsAt = 1000) =>
    connections.add(key, { endsAt, cut: (reason: CutReason) => cut(key.name, reason) });

  beforeEach(() => {
    told = [];
    cut.mockReset();
    const metrics = { cut: (reason: CutReason) => told.push(reason), waiting: (count: number) => told.push(count) };
    connections = new UnauthenticatedConnections(2, metrics as never);
  });

  it('are as many as the setting says; for one more, the one that did nothing for the longest time is ended', () => {
    add(a);
    add(b);
    expect([connections.count, cut.mock.calls]).toEqual([2, []]);
    add(a); // It has begun another request.
    expect([connections.count, cut.mock.calls]).toEqual([2, []]);
    add(c);
    expect([connections.count, cut.mock.calls, told]).toEqual([2, [['b', 'crowded']], ['crowded']]);
    expect(keys.map((key) => connections.get(key) !== undefined)).toEqual([true, false, true]);
  });

  it('are ended at their time, each once, and those that are left are counted', () => {
    add(a, 1000);
    add(b, 1001);
    connections.sweep(999);
    connections.sweep(1000);
    connections.sweep(1000);
    expect([cut.mock.calls, told]).toEqual([[['a', 'slow']], [2, 'slow', 1, 1]]);
    expect(connections.count).toBe(1);
  });

  it('are ended and counted no more once they have shown a token, or are ended', () => {
    add(a);
    add(b);
    connections.remove(a);
    connections.cut(a, 'large');
    connections.cut(b, 'large');
    connections.cut(b, 'large');
    expect([cut.mock.calls, told, connections.count]).toEqual([[['b', 'large']], ['large'], 0]);
  });
});
