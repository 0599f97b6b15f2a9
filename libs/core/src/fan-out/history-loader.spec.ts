import { feedKey } from '../model/feed.js';
import { FeedDelivery } from './feed-delivery.js';
import { FeedState } from './feed-state.js';
import { HistoryLoader } from './history-loader.js';
import type { Broker, HistorySnapshot, HistoryWant } from './ports/broker.js';
import type { StreamPosition } from '../model/stream-position.js';

const KEY = feedKey({ language: 'en-us' });
const snapshot = (epoch: string, offset: number): HistorySnapshot => ({
  epoch,
  offset,
  upstream: { state: 'ok', since: 0 },
  quarantined: [],
  pending: [],
  tickets: [],
});

function setUp() {
  const calls: (readonly HistoryWant[])[] = [];
  const positions: (StreamPosition | null)[] = [];
  const answers: { readonly resolve: (read?: HistorySnapshot) => void; readonly reject: (error: Error) => void }[] = [];
  const broker = {
    watch: async () => undefined,
    unwatch: async () => undefined,
    history: (_, wants, known) => {
      calls.push(wants);
      positions.push(known);
      return new Promise((resolve, reject) =>
        answers.push({ resolve: (read = snapshot('epoch0000', 0)) => resolve(read), reject }),
      );
    },
  } satisfies Pick<Broker, 'watch' | 'unwatch' | 'history'>;
  const state = new FeedState(KEY, broker);
  const delivery = new FeedDelivery(KEY, { broker, state, wait: async () => undefined, tailMax: 10 });
  return { loader: new HistoryLoader(KEY, broker, state, delivery), state, delivery, calls, positions, answers };
}

const want = (caseId: string, atLeast: number, after: number | null): HistoryWant => ({ caseId, atLeast, after });
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('HistoryLoader', () => {
  it('asks in one call for what is wanted together, and takes in the answer', async () => {
    const { loader, state, calls, answers } = setUp();
    const loads = [loader.load(() => [want('a', 2, 7)]), loader.load(() => [want('a', 50, null), want('b', 0, 3)])];
    await settled();
    expect(calls).toEqual([[want('a', 50, 7), want('b', 0, 3)]]);
    answers[0]?.resolve(snapshot('epoch0001', 8));
    await Promise.all(loads);
    expect(state.position).toEqual({ epoch: 'epoch0001', offset: 8 });
  });

  it('keeps what is wanted during a call for the next one', async () => {
    const { loader, calls, answers } = setUp();
    const first = loader.load(() => [want('a', 1, null)]);
    await settled();
    const second = loader.load(() => [want('a', 2, null)]);
    await settled();
    expect(calls).toHaveLength(1);
    answers[0]?.resolve();
    await first;
    await settled();
    expect(calls.slice(1)).toEqual([[want('a', 2, null)]]);
    answers[1]?.resolve();
    await expect(second).resolves.toBeUndefined();
  });

  it('passes an error to the callers of the failed call, and not to later ones', async () => {
    const { loader, answers } = setUp();
    const failing = Promise.allSettled([
      loader.load(() => [want('a', 1, null)]),
      loader.load(() => [want('b', 1, null)]),
    ]);
    await settled();
    const later = loader.load(() => [want('a', 1, null)]);
    answers[0]?.reject(new Error('out of reach'));
    expect((await failing).map((outcome) => outcome.status)).toEqual(['rejected', 'rejected']);
    await settled();
    answers[1]?.resolve();
    await expect(later).resolves.toBeUndefined();
  });

  it('asks for many tickets in calls of bounded size, one after the other', async () => {
    const { loader, calls, answers } = setUp();
    const loading = loader.load(() => Array.from({ length: 120 }, (_, index) => want(`t${index}`, 1, null)));
    for (let call = 0; call < 3; call += 1) {
      await settled();
      expect(calls).toHaveLength(call + 1);
      answers[call]?.resolve();
    }
    await loading;
    expect(calls.map((wants) => wants.length)).toEqual([50, 50, 20]);
  });

  it('does not take in an answer that may be older than what a repair read meanwhile', async () => {
    const { loader, state, delivery, answers } = setUp();
    const loading = loader.load(() => [want('a', 1, null)]);
    await settled();
    delivery.repair();
    await delivery.repaired;
    answers[0]?.resolve(snapshot('epoch0001', 8));
    await loading;
    expect(state.position).toBeNull();
  });

  it('begins a repair if the feed has another epoch', async () => {
    const { loader, state, delivery, answers } = setUp();
    const first = loader.load(() => [want('a', 1, null)]);
    await settled();
    answers[0]?.resolve(snapshot('epoch0001', 8));
    await first;
    const second = loader.load(() => [want('a', 1, null)]);
    await settled();
    answers[1]?.resolve(snapshot('epoch0002', 1));
    await second;
    expect(delivery.repairs).toBe(1);
    expect(state.position).toEqual({ epoch: 'epoch0001', offset: 8 });
  });

  it('says how far the gateway has come, by which a store notices that it lost its newest data; so does a repair', async () => {
    const { loader, delivery, state, positions, answers } = setUp();
    const first = loader.load(() => [want('a', 1, null)]);
    await settled();
    answers[0]?.resolve(snapshot('epoch0001', 8));
    await first;
    void loader.load(() => [want('a', 1, null)]);
    state.topics.enter(['a']);
    await settled();
    delivery.repair();
    await settled();
    const known = { epoch: 'epoch0001', offset: 8 };
    expect(positions).toEqual([null, known, known]);
  });

  it('asks each caller once what is missing, and keeps nothing of a caller that was served', async () => {
    const { loader, answers } = setUp();
    const missing = jest.fn(() => [want('a', 1, null)]);
    for (const call of [0, 1]) {
      const loading = loader.load(call === 0 ? missing : () => []);
      await settled();
      answers[call]?.resolve();
      await loading;
    }
    expect(missing).toHaveBeenCalledTimes(1);
  });

  it.each(['a load', 'a repair'])(
    'keeps a quarantine that was told during %s, whose history is older',
    async (what) => {
      const { loader, delivery, state, answers } = setUp();
      const [topic] = state.topics.enter(['a']);
      await settled();
      const reading =
        what === 'a load' ? loader.load(() => [want('a', 1, null)]) : (delivery.repair(), delivery.repaired);
      await settled();
      state.quarantined.changed('a', true);
      const read = { caseId: 'a', publications: [], completeAfter: 0, exhausted: true, readStatus: null };
      answers[0]?.resolve({ ...snapshot('epoch0001', 8), tickets: [read] });
      await reading;
      expect([topic?.quarantined, state.position]).toEqual([true, { epoch: 'epoch0001', offset: 8 }]);
    },
  );

  it('tells once that a first poll is complete which was so during a repair: a later one may be another ticket’s', async () => {
    const { delivery, state, answers } = setUp();
    const [topic] = state.topics.enter(['a']);
    if (topic === undefined) throw new Error('no topic');
    await settled();
    const read = { caseId: 'a', publications: [], completeAfter: 0, exhausted: true, readStatus: null };
    for (const repair of [0, 1]) {
      topic.backfill = 'pending'; // The second time, it was evicted and is followed anew.
      delivery.repair();
      await settled();
      if (repair === 0) delivery.backfilled(['a']);
      answers[repair]?.resolve({ ...snapshot('epoch0001', 8), tickets: [read], pending: ['a'] });
      await delivery.repaired;
      expect(topic.backfill).toBe(repair === 0 ? 'complete' : 'pending');
    }
  });
});
