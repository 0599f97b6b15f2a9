import { feedKey } from '../model/feed.js';
import { HistoryReader } from './history-reader.js';
import type { Broker, HistorySnapshot, HistoryWant } from './ports/broker.js';

const KEY = feedKey({ language: 'en-us' });
const SNAPSHOT: HistorySnapshot = {
  epoch: 'epoch0000',
  offset: 0,
  upstream: { state: 'ok', since: 0 },
  quarantined: [],
  tickets: [],
};

function setUp() {
  const calls: (readonly HistoryWant[])[] = [];
  const liveness: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];
  const broker: Pick<Broker, 'history'> = {
    history: (_, wants) => {
      calls.push(wants);
      return new Promise((resolve, reject) => liveness.push({ resolve: () => resolve(SNAPSHOT), reject }));
    },
  };
  const reader = new HistoryReader(
    KEY,
    broker as Broker,
    () => null,
    async (read) => void (await read()),
  );
  return { reader, calls, liveness };
}

const want = (caseId: string, atLeast: number, after: number | null): HistoryWant => ({ caseId, atLeast, after });
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('HistoryReader', () => {
  it('asks in one call for what is wanted together, with the most that anyone wants of a ticket', async () => {
    const { reader, calls, liveness } = setUp();
    const loads = [
      reader.load([want('a', 2, 7)]),
      reader.load([want('a', 50, null), want('b', 0, 3)]),
      reader.load([want('a', 1, 4)]),
    ];
    await settled();
    expect(calls).toEqual([[want('a', 50, 4), want('b', 0, 3)]]);
    liveness[0]?.resolve();
    await expect(Promise.all(loads)).resolves.toHaveLength(3);
  });

  it('keeps what is wanted during a call for the next one', async () => {
    const { reader, calls, liveness } = setUp();
    const first = reader.load([want('a', 1, null)]);
    await settled();
    const second = reader.load([want('a', 2, null)]);
    await settled();
    expect(calls).toHaveLength(1);
    liveness[0]?.resolve();
    await first;
    await settled();
    expect(calls.slice(1)).toEqual([[want('a', 2, null)]]);
    liveness[1]?.resolve();
    await expect(second).resolves.toBeUndefined();
  });

  it('gives an error to those who asked, and to nobody after them', async () => {
    const { reader, liveness } = setUp();
    const failing = Promise.allSettled([reader.load([want('a', 1, null)]), reader.load([want('b', 1, null)])]);
    await settled();
    const later = reader.load([want('a', 1, null)]);
    liveness[0]?.reject(new Error('out of reach'));
    expect((await failing).map((outcome) => outcome.status)).toEqual(['rejected', 'rejected']);
    await settled();
    liveness[1]?.resolve();
    await expect(later).resolves.toBeUndefined();
  });

  it('asks for many tickets in calls of bounded size, one after the other', async () => {
    const { reader, calls, liveness } = setUp();
    const many = Array.from({ length: 120 }, (_, index) => want(`t${index}`, 1, null));
    const loading = reader.load(many);
    for (let call = 0; call < 3; call += 1) {
      await settled();
      expect(calls).toHaveLength(call + 1);
      liveness[call]?.resolve();
    }
    await loading;
    expect(calls.map((wants) => wants.length)).toEqual([50, 50, 20]);
    expect(calls.flat()).toEqual(many);
  });
});
