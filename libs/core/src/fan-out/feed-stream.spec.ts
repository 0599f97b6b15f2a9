import { cutsOf, RecordingSubscriber, PublishingFixture, settled, words } from '#testing';

const OPTIONS = { historyMax: 4, tailMax: 2, idleMs: 1000 };

describe('FeedStream', () => {
  let scene: PublishingFixture;
  let subscriber: RecordingSubscriber;
  beforeEach(() => {
    scene = new PublishingFixture(OPTIONS);
    subscriber = new RecordingSubscriber();
  });

  it('reads history for a subscriber only when nothing can be missed after that', async () => {
    const { hub, broker } = scene.gateway();
    const watch = broker.watch.bind(broker);
    jest.spyOn(broker, 'watch').mockImplementation(async (...asked) => {
      await settled();
      await watch(...asked);
    });
    const joining = scene.subscribe(hub, ['a'], subscriber);
    await scene.say('a', '1');
    await joining;
    expect(subscriber.told).toEqual([...words('1'), 'live']);
  });

  it('R14: reads for a cut what is older than the position of a client, and than its own tail', async () => {
    const { hub } = scene.gateway();
    await scene.subscribe(hub, ['a'], subscriber);
    await scene.say('a', '1', '2', '3', '4', '5', '6');
    hub.sweep(0);
    const { epoch } = scene.store.historyOf(scene.key, [], null);
    const newcomer = new RecordingSubscriber();
    const from = { kind: 'position', position: { epoch, offset: 5 }, isProven: true } as const;
    await scene.subscribe(hub, ['a'], newcomer, { from, history: 4, cuts: true });
    expect(newcomer.told).toEqual([...words('6'), 'live']);
    expect(cutsOf(newcomer)).toEqual([words('3', '4', '5', '6')]);
  });

  it('knows the state of the upstream from history, even if a live publication came first', async () => {
    await scene.say('a', '1');
    const { tickets } = scene.store.historyOf(scene.key, [{ caseId: 'a', atLeast: 1, after: null }], null);
    await scene.degrade();
    const { hub } = scene.gateway();
    const joining = scene.subscribe(hub, ['a'], subscriber, { history: 1 });
    tickets[0]?.publications.forEach((publication) => hub.published(scene.key, publication));
    await joining;
    expect(subscriber.told).toEqual(['degraded', ...words('1'), 'live']);
  });

  describe('an interruption', () => {
    it('is repaired before live delivery continues', async () => {
      const { hub, broker } = scene.gateway();
      await scene.subscribe(hub, ['a', 'b'], subscriber);
      broker.interrupt();
      await scene.say('a', '1');
      await scene.say('b', '2');
      broker.restore();
      await scene.say('a', '3');
      await settled();
      expect(subscriber.told).toEqual(['live', ...words('1', '2', '3')]);
    });

    it('is told as a gap if it was longer than the history', async () => {
      const { hub, broker } = scene.gateway();
      await scene.subscribe(hub, ['a', 'b'], subscriber);
      broker.interrupt();
      await scene.say('a', '1', '2', '3', '4', '5');
      broker.restore();
      await settled();
      expect(subscriber.told).toEqual(['live', 'history_truncated a', ...words('2', '3', '4', '5')]);
    });

    it('that happens during a repair is repaired, too', async () => {
      const { hub, broker } = scene.gateway({ delivery: 'on_flush' });
      const joining = scene.subscribe(hub, ['a'], subscriber);
      await settled();
      broker.flush();
      await joining;
      broker.interrupt();
      await scene.say('a', '1');
      broker.restore();
      await settled(); // The repair has read '1', and waits for its answer.
      broker.interrupt();
      await scene.say('a', '2');
      broker.restore();
      await settled();
      broker.flush();
      await settled();
      broker.flush();
      await settled();
      expect(subscriber.told).toEqual(['live', ...words('1', '2')]);
    });

    it('that happens between two reads of a repair is repaired, too', async () => {
      const { hub, broker } = scene.gateway({ delivery: 'on_flush' });
      const many = Array.from({ length: 51 }, (_, index) => `t${index}`); // One call asks for 50.
      const joining = scene.subscribe(hub, many, subscriber);
      const flush = async (count?: number) => {
        broker.flush(count);
        await settled();
      };
      for (let calls = 0; calls < 3; calls += 1) await settled().then(() => flush());
      await joining;
      hub.interrupted();
      await settled(); // The first read waits for its answer.
      await scene.say('t0', 'lost');
      broker.flush(1);
      broker.interrupt();
      broker.restore();
      for (let calls = 0; calls < 5; calls += 1) await settled().then(() => flush());
      expect(subscriber.told).toEqual(['live', ...words('lost')]);
    });

    it('does not double a publication that comes with history and live', async () => {
      const { hub, broker } = scene.gateway({ delivery: 'on_flush' });
      const joining = scene.subscribe(hub, ['a'], subscriber);
      await settled();
      broker.flush();
      await joining;
      await scene.say('a', '1');
      hub.interrupted();
      await settled(); // History has the publication, and its live copy is on its way.
      broker.flush();
      await settled();
      expect(subscriber.told).toEqual(['live', ...words('1')]);
    });

    it('keeps new subscribers waiting until it is repaired', async () => {
      const { hub, broker } = scene.gateway();
      await scene.subscribe(hub, ['a'], new RecordingSubscriber());
      broker.interrupt();
      await scene.say('a', '1');
      broker.restore();
      await scene.subscribe(hub, ['a'], subscriber);
      await scene.say('a', '2');
      expect(subscriber.told).toEqual([...words('1'), 'live', ...words('2')]);
    });

    it('tells the subscribers the new state of the upstream', async () => {
      const { hub, broker } = scene.gateway();
      await scene.subscribe(hub, ['a'], subscriber);
      broker.interrupt();
      await scene.degrade();
      broker.restore();
      await settled();
      expect(subscriber.told).toEqual(['live', 'degraded']);
      broker.interrupt();
      await scene.say('b', 'well again');
      broker.restore();
      await settled();
      expect(subscriber.told).toEqual(['live', 'degraded', 'ok']);
    });

    it('is repaired when history can be read again', async () => {
      const { hub, broker } = scene.gateway();
      await scene.subscribe(hub, ['a'], subscriber);
      broker.interrupt();
      await scene.say('a', '1');
      jest.spyOn(broker, 'history').mockRejectedValueOnce(new Error('out of reach'));
      broker.restore();
      await settled();
      await settled();
      expect(subscriber.told).toEqual(['live', ...words('1')]);
    });
  });

  it('notices a publication that was lost without an interruption', async () => {
    const { hub, broker } = scene.gateway({ delivery: 'on_flush' });
    const joining = scene.subscribe(hub, ['a', 'b'], subscriber);
    await settled();
    broker.flush();
    await joining;
    await broker.unwatch(scene.key, ['a']);
    await scene.say('a', 'lost');
    await broker.watch(scene.key, ['a']);
    await scene.say('b', 'passes by');
    await scene.say('a', 'shows the hole');
    broker.flush();
    await settled();
    broker.flush();
    await settled();
    expect(subscriber.told).toEqual(['live', ...words('passes by', 'lost', 'shows the hole')]);
  });

  describe('a store that lost its newest data', () => {
    /** The same epoch as it was some time before, in which other messages were published since. */
    async function restored(...since: string[]): Promise<PublishingFixture> {
      const other = new PublishingFixture(OPTIONS);
      await other.say('a', '1', '2', ...since);
      return other;
    }

    // A tail holds two publications, a history four.
    it.each([[['x3']], [['x3', 'x4']], [['x3', 'x4', 'x5']], [['x3', 'x4', 'x5', 'x6']]])(
      'is found out however much was said since: %j',
      async (since) => {
        const { hub, broker } = scene.gateway();
        await scene.subscribe(hub, ['a'], subscriber);
        await scene.say('a', '1', '2', '3');
        broker.interrupt();
        const elsewhere = (await restored(...since)).gateway().broker;
        jest.spyOn(broker, 'history').mockImplementation((...asked) => elsewhere.history(...asked));
        broker.restore();
        await settled();
        await settled();
        expect(subscriber.told.slice(0, 5)).toEqual(['live', ...words('1', '2', '3'), 'unknown_position a']);
        expect(subscriber.told.slice(-since.length)).toEqual(words(...since));
      },
    );

    it('is not confused with one that has everything, or that no longer keeps what was dispatched', async () => {
      const { hub, broker } = scene.gateway();
      await scene.subscribe(hub, ['a'], subscriber);
      await scene.say('a', '1', '2', '3');
      for (const said of [['4'], [], ['5', '6', '7', '8']]) {
        broker.interrupt();
        await scene.say('a', ...said);
        broker.restore();
        await settled();
      }
      expect(subscriber.told).toEqual(['live', ...words('1', '2', '3', '4', '5', '6', '7', '8')]);
    });
  });

  it('reads from history the publications that were too many to be held during a repair', async () => {
    const { hub, broker } = scene.gateway({ delivery: 'on_flush' });
    const joining = scene.subscribe(hub, ['a', 'b'], subscriber);
    await settled();
    broker.flush();
    await joining;
    broker.interrupt();
    const reads = jest.spyOn(broker, 'history');
    broker.restore();
    await settled(); // The repair has read history, and waits for its answer.
    await scene.say('a', 'first');
    const flood = Array.from({ length: 10_000 }, (_, index) => `b${index}`);
    await scene.say('b', ...flood);
    for (let round = 0; round < 4; round += 1) {
      broker.flush();
      await settled();
    }
    expect(subscriber.told.filter((told) => !told.startsWith('"b'))).toEqual([
      'live',
      'history_truncated b',
      ...words('first'),
    ]);
    expect(subscriber.told.at(-1)).toBe(words('b9999')[0]);
    expect(reads).toHaveBeenCalledTimes(2);
  });

  describe('a new epoch of the feed', () => {
    it('is told as a gap, and delivered from its beginning', async () => {
      const { hub } = scene.gateway();
      await scene.subscribe(hub, ['a'], subscriber);
      await scene.say('a', '1', '2', '3');
      scene.store.wipe();
      await scene.say('a', 'new 1', 'new 2', 'new 3');
      await settled();
      expect(subscriber.told).toEqual([
        'live',
        ...words('1', '2', '3'),
        'unknown_position a',
        ...words('new 1', 'new 2', 'new 3'),
      ]);
    });

    it('R14: has the status that it knows, and not that of the old epoch', async () => {
      const { hub } = scene.gateway();
      await scene.subscribe(hub, ['a'], subscriber);
      await scene.say('a', '1', '2', '3');
      await scene.mark('a', 1);
      const statusOf = async () => {
        const newcomer = new RecordingSubscriber();
        await scene.subscribe(hub, ['a'], newcomer, { cuts: true });
        return newcomer.cuts.map(({ status }) => status);
      };
      expect(await statusOf()).toEqual([1]);
      scene.store.wipe();
      await scene.say('a', 'new');
      await settled();
      expect(await statusOf()).toEqual([null]);
      await scene.mark('a', 0);
      expect(await statusOf()).toEqual([0]);
    });

    it('is not undone by a late publication of the old epoch', async () => {
      const { hub, broker } = scene.gateway();
      await scene.subscribe(hub, ['a'], subscriber);
      await scene.say('a', '1');
      const [late] =
        scene.store.historyOf(scene.key, [{ caseId: 'a', atLeast: 1, after: null }], null).tickets[0]?.publications ??
        [];
      scene.store.wipe();
      await scene.say('a', 'new');
      await settled();
      const reads = jest.spyOn(broker, 'history');
      if (late !== undefined) {
        hub.published(scene.key, { ...late, offset: 99 });
      }
      await settled();
      await settled();
      expect(reads.mock.calls.length).toBe(2);
      await scene.say('a', 'newer');
      expect(subscriber.told).toEqual(['live', ...words('1'), 'unknown_position a', ...words('new', 'newer')]);
    });
  });
});
