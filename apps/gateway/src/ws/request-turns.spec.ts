import { FairTurns } from '../edge/fair-turns.js';
import { RequestTurns } from './request-turns.js';

describe('the requests of a WebSocket', () => {
  it('wait while many others begin, nothing more is read meanwhile, and reading goes on after the last one', async () => {
    const turns = new FairTurns();
    const webSocket = { pause: jest.fn(), resume: jest.fn() };
    const conn = { transport: { socket: webSocket } } as never;
    const requests = new RequestTurns(turns);
    const served: number[] = [];
    for (let count = 0; count < 40; count += 1) requests.take(conn, 'alice', () => served.push(count));
    expect(served.length).toBeLessThanOrEqual(16);
    expect([webSocket.pause.mock.calls.length > 0, webSocket.resume.mock.calls.length]).toEqual([true, 0]);
    while (served.length < 40) await new Promise((resolve) => setImmediate(resolve));
    expect(served).toEqual(Array.from({ length: 40 }, (_, count) => count));
    expect(webSocket.resume).toHaveBeenCalledTimes(1);
  });
});
