import { MemoryBroker, PublishingFixture, RecordingSubscriber, settled, words } from '#testing';
import type { FeedKey } from '../model/feed.js';
import type { Hub } from './hub.js';
import type { ExtentWant, HistorySlice, HistoryWant } from './ports/broker.js';
import type { Publication } from '../model/publication.js';
import { Replay, type FeedStates } from './replay.js';
import type { ResumeFrom, SubscribeRequest } from './subscription.js';

const POSITION = { epoch: 'epoch0001', offset: 10 };
const LOST = { after: { ...POSITION, offset: 2 }, before: { ...POSITION, offset: 5 } };
const NAMED: ResumeFrom = { kind: 'position', position: { ...POSITION, offset: 2 }, isProven: false };

const status = (caseId: string): Publication => ({
  ...{ kind: 'status', caseId, status: 0, seenAt: 0, previous: 0 },
  ...POSITION,
});
const replayFrom = (from: ResumeFrom, caseIds = ['a', 'b']) => new Replay({ caseIds, from, history: 1 });

function states(changes: { degraded?: boolean; refused?: readonly string[] } = {}): FeedStates {
  return {
    upstream: changes.degraded ? { state: 'degraded', reason: 'timeout', since: 1 } : { state: 'ok', since: 0 },
    isQuarantined: (caseId) => changes.refused?.includes(caseId) ?? false,
    isPending: () => false,
    readStatus: () => null,
  };
}

/** What a subscriber is told while its replay is written in slices. */
describe('a replay', () => {
  it('has begun when something of it was written, and goes on from there, at a position that is proven', () => {
    const replay = replayFrom(NAMED);
    expect([replay.hasBegun, replay.rest.from]).toEqual([false, NAMED]);
    replay.reached(POSITION, []);
    expect([replay.hasBegun, replay.rest.from]).toEqual([
      true,
      { kind: 'position', position: POSITION, isProven: true },
    ]);
    expect(replay.rest.caseIds).toEqual(['a', 'b']);
  });

  it('is recovered if a position was named and nothing is missing since', () => {
    const [named, start, gapped] = [replayFrom(NAMED), replayFrom({ kind: 'start' }), replayFrom(NAMED)];
    expect(gapped.news(['a'], LOST, states())).toHaveLength(1);
    expect([named, start, gapped].map((replay) => replay.isRecovered)).toEqual([true, false, false]);
    start.reached(POSITION, []);
    expect(start.isRecovered).toBe(false);
  });

  it('tells a gap once, and again where publications came in between, or the position is unknown', () => {
    const replay = replayFrom(NAMED);
    const gaps = (between: typeof LOST | null) => replay.news(['a', 'b'], between, states());
    expect(gaps(LOST)).toEqual([{ kind: 'gap', caseIds: ['a', 'b'], reason: 'history_truncated', ...LOST }]);
    expect(gaps(LOST)).toEqual([]);
    replay.reached(POSITION, [status('b')]);
    expect(gaps(LOST)).toEqual([{ kind: 'gap', caseIds: ['b'], reason: 'history_truncated', ...LOST }]);
    expect(gaps(null)).toEqual([{ kind: 'gap', caseIds: ['a', 'b'], reason: 'unknown_position' }]);
    const other = replayFrom(NAMED);
    const told = ['a', 'b', 'a', 'b'].map((caseId) => other.news([caseId], LOST, states()).length);
    expect(told).toEqual([1, 1, 0, 0]);
  });

  it('tells of each refused ticket once, and of the upstream when it changes', () => {
    const replay = replayFrom({ kind: 'start' });
    const told = (changes: Parameters<typeof states>[0]) => replay.news([], null, states(changes));
    expect(told({})).toEqual([]);
    expect(told({ refused: ['a', 'elsewhere'] })).toEqual([{ kind: 'revoked', caseIds: ['a'] }]);
    expect(told({ refused: ['a', 'b'] })).toEqual([{ kind: 'revoked', caseIds: ['b'] }]);
    expect(told({ refused: ['a', 'b'], degraded: true }).map(({ kind }) => kind)).toEqual(['upstream']);
    expect(told({ refused: ['a', 'b'], degraded: true })).toEqual([]);
    expect(told({ refused: ['a', 'b'] })).toEqual([{ kind: 'upstream', state: { state: 'ok', since: 0 } }]);
  });
});

describe('the preparation of a replay', () => {
  const OPTIONS = {
    historyMax: 8,
    tailMax: 2,
    idleMs: 1000,
    replay: { wholeMax: 2, wholeMaxBytes: 100, sliceMax: 3, sliceMaxBytes: 100 },
  };
  let scene: PublishingFixture;
  let hub: Hub;
  let broker: MemoryBroker;
  let subscriber: RecordingSubscriber;
  let reads: Record<'extent' | 'slice' | 'history', jest.SpyInstance>;
  beforeEach(() => {
    scene = new PublishingFixture(OPTIONS);
    ({ hub, broker } = scene.gateway());
    subscriber = new RecordingSubscriber();
    reads = {
      extent: jest.spyOn(broker, 'extent'),
      slice: jest.spyOn(broker, 'slice'),
      history: jest.spyOn(broker, 'history'),
    };
  });
  const from = (offset: number): Partial<SubscribeRequest> => {
    const { epoch } = scene.store.historyOf(scene.key, [], null);
    return { from: { kind: 'position', position: { epoch, offset }, isProven: true }, history: 0 };
  };
  const messages = () => subscriber.told.filter((one) => one !== 'slice' && one !== 'live');

  it('reads nothing into tails beyond what a long one needs, before and after its slices', async () => {
    await scene.say('a', '1', '2', '3', '4', '5', '6', '7');
    const other = new RecordingSubscriber(); // A crowd reads what is left of its slices from history.
    await Promise.all([subscriber, other].map((one) => scene.subscribe(hub, ['a'], one, from(0))));
    expect(messages()).toEqual(words('1', '2', '3', '4', '5', '6', '7'));
    const wants = reads.history.mock.calls.flatMap(([, asked]) => asked as HistoryWant[]);
    expect(wants.some(({ after }) => after !== null)).toBe(true);
    expect(wants).toEqual(wants.map(() => expect.objectContaining({ caseId: 'a', atLeast: 0 })));
  });

  it.each([
    { history: 2, extents: 0, told: ['2', '3', 'x', 'y'] },
    { history: 3, extents: 1, told: ['1', '2', '3', 'x', 'y'] },
  ])('fills the tails for all where it needs no more than they keep ($history)', async ({ history, extents, told }) => {
    await scene.say('a', '1', '2', '3');
    await scene.say('b', 'x', 'y');
    await scene.subscribe(hub, ['a', 'b'], subscriber, { history });
    expect(messages()).toEqual(words(...told));
    expect(reads.extent).toHaveBeenCalledTimes(extents);
  });

  it('asks for no extent where the position is so near that the replay is small', async () => {
    await scene.say('a', '1', '2', '3');
    await scene.subscribe(hub, ['a'], subscriber, from(1));
    expect(subscriber.told).toEqual([...words('2', '3'), 'live']);
    expect(reads.extent).not.toHaveBeenCalled();
  });

  it('is of a small one if there is just so much as is written whole', async () => {
    await scene.say('a', '1', '2');
    await scene.say('c', '3', '4', '5');
    await scene.subscribe(hub, ['a', 'b'], subscriber, from(0));
    expect(subscriber.told).toEqual([...words('1', '2'), 'live']);
    expect(reads.extent).toHaveBeenCalledTimes(1);
    expect(reads.slice).not.toHaveBeenCalled();
  });

  describe('of several tickets, whose extents are read in parts', () => {
    const extent = MemoryBroker.prototype.extent;
    /** Called before the second part is read. */
    let between: () => Promise<void>;
    beforeEach(() => {
      between = () => Promise.resolve();
      reads.extent.mockImplementation(async (feed: FeedKey, wants: readonly ExtentWant[]) => {
        await (wants.length === 1 ? between() : undefined);
        return extent.call(broker, feed, wants.slice(0, 1));
      });
    });

    it('asks in each part for those that are left', async () => {
      await scene.say('a', '1', '2');
      await scene.say('b', '3', '4');
      await scene.subscribe(hub, ['a', 'b'], subscriber, from(0));
      expect(messages()).toEqual(words('1', '2', '3', '4'));
      const asked = reads.extent.mock.calls.map(([, wants]) => (wants as ExtentWant[]).map(({ caseId }) => caseId));
      expect(asked).toEqual([['a', 'b'], ['b']]);
    });

    it.each([
      ['before it is repaired', () => Promise.resolve()],
      ['after it was repaired', async () => (hub.interrupted(), settled())],
    ])('begins anew if the store loses its data between two parts, %s', async (_, then) => {
      await scene.say('a', '1', '2');
      await scene.say('b', '3', '4');
      const request = from(0);
      between = async () => {
        between = () => Promise.resolve();
        scene.store.wipe();
        await scene.say('a', 'new 1', 'new 2');
        await scene.say('b', 'new 3', 'new 4', 'new 5');
        await then();
      };
      await scene.subscribe(hub, ['a', 'b'], subscriber, request);
      expect(messages()).toEqual(['unknown_position a,b', ...words('new 1', 'new 2', 'new 3', 'new 4', 'new 5')]);
      expect(reads.slice).not.toHaveBeenCalled(); // The repair has read everything.
    });
  });

  it('reads nothing for a client that does not wait any more when its turn has come', async () => {
    await scene.say('a', '1', '2', '3', '4');
    const extent = MemoryBroker.prototype.extent;
    let answer = () => undefined as void;
    const held = new Promise<void>((resolve) => (answer = resolve));
    reads.extent.mockImplementation(async (feed: FeedKey, wants: readonly ExtentWant[]) => {
      await held;
      return extent.call(broker, feed, wants);
    });
    const first = scene.subscribe(hub, ['a'], new RecordingSubscriber(), from(0));
    let isAbandoned = false;
    const second = scene.subscribe(hub, ['a'], subscriber, { ...from(0), isAbandoned: () => isAbandoned });
    await settled();
    reads.history.mockClear();
    isAbandoned = true;
    answer();
    await Promise.all([first, second]);
    expect(reads.extent).toHaveBeenCalledTimes(1);
    expect(reads.history).not.toHaveBeenCalled();
    expect(subscriber.told).toEqual([]);
  });
  it('that is long says between which positions something is lost', async () => {
    await scene.say('a', '1', '2', '3', '4', '5', '6', '7', '8', '9', '10');
    const notify = jest.spyOn(subscriber, 'notify');
    await scene.subscribe(hub, ['a'], subscriber, from(1));
    const { epoch } = scene.store.historyOf(scene.key, [], null);
    const between = { after: { epoch, offset: 1 }, before: { epoch, offset: 11 } };
    expect(notify.mock.calls).toEqual([[{ kind: 'gap', caseIds: ['a'], reason: 'history_truncated', ...between }]]);
  });

  describe('of messages that are large', () => {
    const LARGE = Array.from({ length: 8 }, (_, at) => String(at).repeat(28));
    beforeEach(() => {
      scene = new PublishingFixture({ ...OPTIONS, replay: { ...OPTIONS.replay, sliceMax: 100 } });
      ({ hub, broker } = scene.gateway());
    });

    it('plans its slices by their bytes', async () => {
      await scene.say('a', ...LARGE);
      const slices = jest.spyOn(broker, 'slice');
      await scene.subscribe(hub, ['a'], subscriber, from(0));
      expect(messages()).toEqual(words(...LARGE));
      const answers = await Promise.all(slices.mock.results.map(({ value }) => value as Promise<HistorySlice>));
      const isTooLarge = answers.map(({ publications }) => publications === null);
      expect(isTooLarge.lastIndexOf(true)).toBeLessThan(isTooLarge.indexOf(false));
    });

    it.each([8, 2])('gives each of a crowd all of them (%d)', async (count) => {
      const said = LARGE.slice(0, count).map((text) => text.repeat(count === 2 ? 2 : 1));
      await scene.say('a', ...said);
      const crowd = [subscriber, new RecordingSubscriber(), new RecordingSubscriber()];
      await Promise.all(crowd.map((member) => scene.subscribe(hub, ['a'], member, from(0))));
      for (const { told } of crowd) {
        expect(told.filter((one) => one !== 'slice' && one !== 'live')).toEqual(words(...said));
      }
    });
  });
});
