import { FairTurns } from '../edge/fair-turns.js';
import { RequestTurns } from './request-turns.js';

describe('the requests of a WebSocket', () => {
  it('wait while many others begin, nothing more is read meanwhile, and reading goes on after the last one', async () => {
    const turns = new FairTurns();
    const served: number[] = [];
    const servedBefore: number[] = [];
    const webSocket = { pause: jest.fn(), resume: jest.fn(() => servedBefore.push(served.length)) };
    const conn = { transport: { socket: webSocket } } as never;
    const requests = new RequestTurns(turns);
    for (let count = 0; count < 40; count += 1) requests.take(conn, 'alice', () => served.push(count));
    expect(served.length).toBeLessThanOrEqual(16);
    expect([webSocket.pause.mock.calls.length > 0, webSocket.resume.mock.calls.length]).toEqual([true, 0]);
    while (served.length < 40) await new Promise((resolve) => setImmediate(resolve));
    expect(served).toEqual(Array.from({ length: 40 }, (_, count) => count));
    expect(servedBefore).toEqual([39]);
  });

  it('wait with those of the same subject, and without a subject with those of their connection', () => {
    const owners: unknown[] = [];
    const take = (owner: () => unknown) => owners.push(owner()) > 0;
    const requests = new RequestTurns({ take } as unknown as FairTurns);
    const [one, other] = [{ transport: {} }, { transport: {} }] as never[];
    for (const [conn, subject] of [
      [one, 'alice'],
      [other, 'alice'],
      [one, null],
    ] as const) {
      requests.take(conn as never, subject, () => undefined);
    }
    expect(owners[0]).toBe('alice');
    expect(owners[1]).toBe('alice');
    expect(owners[2]).toBe(one);
  });
});
