import type { ClientSession } from './client-session.js';
import { RightsWatch } from './rights-watch.js';

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('RightsWatch', () => {
  const connections = (...sessions: readonly object[]) => ({
    forEach: (each: (session: ClientSession) => void) => sessions.forEach((session) => each(session as ClientSession)),
  });

  it.each([
    [60_000, 3000],
    [1000, 200],
    [3_600_000, 5000],
  ])('with a time to live of %d ms looks every %d ms', (ttlMs, everyMs) => {
    expect(new RightsWatch(connections(), ttlMs).everyMs).toBe(everyMs);
  });

  it('asks for each connection again, once its last question is answered', async () => {
    let answer: () => void = () => undefined;
    const slow = { renewRights: jest.fn(() => new Promise<void>((resolve) => (answer = resolve))) };
    const quick = { renewRights: jest.fn(async () => undefined) };
    const watch = new RightsWatch(connections(slow, quick), 60_000);
    const asked = async () => {
      watch.look();
      await settled();
      return [slow, quick].map(({ renewRights }) => renewRights.mock.calls.length);
    };
    expect(await asked()).toEqual([1, 1]);
    expect(await asked()).toEqual([1, 2]);
    answer();
    await settled();
    expect(await asked()).toEqual([2, 3]);
  });
});
