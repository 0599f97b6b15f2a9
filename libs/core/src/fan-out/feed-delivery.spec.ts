import { RecordingSubscriber, PublishingFixture, settled, words, type MemoryBroker } from '#testing';

const OPTIONS = { historyMax: 4, tailMax: 2, idleMs: 1000 };
/** One history call asks for 50 tickets. */
const TWO_CALLS = Array.from({ length: 51 }, (_, index) => `t${index}`);

/**
 * From now on, the broker answers a watch only when the returned function is called. `early`: the publications of the
 * tickets arrive before that.
 */
function holdWatches(broker: MemoryBroker, early: boolean): () => void {
  const watch = broker.watch.bind(broker);
  const held = { release: (): void => undefined };
  const released = new Promise<void>((resolve) => (held.release = resolve));
  jest.spyOn(broker, 'watch').mockImplementation(async (feed, caseIds) => {
    await (early ? watch(feed, caseIds) : released);
    await (early ? released : watch(feed, caseIds));
  });
  return () => held.release();
}

describe('FeedDelivery', () => {
  let scene: PublishingFixture;
  let subscriber: RecordingSubscriber;
  beforeEach(() => {
    scene = new PublishingFixture(OPTIONS);
    subscriber = new RecordingSubscriber();
  });

  /** A gateway whose subscriber has these tickets. What is published, and answers of history, wait for `flush`. */
  async function joined(...caseIds: string[]) {
    const { hub, broker } = scene.gateway({ delivery: 'on_flush' });
    const flush = async (count?: number) => {
      await settled();
      broker.flush(count);
      await settled();
    };
    const joining = scene.subscribe(hub, caseIds, subscriber);
    await flush();
    await flush();
    await joining;
    const evict = (caseId: string) => {
      hub.unsubscribe(scene.feed, [caseId], subscriber);
      hub.sweep(scene.clock.now());
      scene.clock.advance(OPTIONS.idleMs);
      hub.sweep(scene.clock.now());
    };
    return { hub, broker, flush, evict, reads: jest.spyOn(broker, 'history') };
  }

  it('drops a publication that arrives after its ticket was evicted', async () => {
    const { evict, flush } = await joined('a', 'b');
    await scene.say('a', 'late');
    evict('a');
    await scene.say('b', '1');
    await flush();
    expect(subscriber.told).toEqual(['live', ...words('1')]);
  });

  describe('a repair', () => {
    it('reads history once, also if something is published meanwhile', async () => {
      const { hub, flush, reads } = await joined('a');
      hub.interrupted();
      await settled();
      await scene.say('a', '1');
      await flush();
      await flush();
      expect(subscriber.told).toEqual(['live', ...words('1')]);
      expect(reads).toHaveBeenCalledTimes(1);
    });

    it('ends where no ticket is watched yet: what came of another epoch is read by their subscriptions', async () => {
      const { hub, broker, flush, evict } = await joined('a');
      const release = holdWatches(broker, true);
      const later = new RecordingSubscriber();
      const joining = scene.subscribe(hub, ['b'], later);
      await settled();
      evict('a');
      scene.store.wipe();
      await scene.say('b', '1');
      await flush();
      release();
      for (let round = 0; round < 4; round += 1) await flush();
      await joining;
      await scene.say('b', '2');
      await flush();
      expect(later.told).toEqual([...words('1'), 'live', ...words('2')]);
    });

    it('runs alone: a second interruption waits for its end', async () => {
      const { hub, flush, reads } = await joined('a');
      hub.interrupted();
      hub.interrupted();
      await settled();
      expect(reads).toHaveBeenCalledTimes(1);
      await flush();
      await flush();
      await flush();
      expect(reads).toHaveBeenCalledTimes(2);
    });

    it('says that a first poll is complete after what that poll has found', async () => {
      await scene.say('a'); // It is wanted, and waits for its first poll.
      const { hub, broker, flush } = await joined('a');
      hub.interrupted();
      await settled();
      await scene.say('a', 'found');
      broker.backfilled(scene.key, ['a']);
      await flush();
      await flush();
      expect(subscriber.told).toEqual(['live', ...words('found'), 'backfilled a']);
    });

    it('delivers what is published on a ticket between its read and the read of another', async () => {
      const { hub, flush } = await joined(...TWO_CALLS);
      hub.interrupted();
      await settled(); // The first 50 tickets are read.
      await scene.say('t0', 'between');
      await flush(1);
      await flush();
      expect(subscriber.told).toEqual(['live', ...words('between')]);
    });

    it('uses nothing of two reads that differ in their epochs', async () => {
      const { hub, flush, reads } = await joined(...TWO_CALLS);
      const other = new PublishingFixture(OPTIONS);
      other.clock.advance(1);
      await other.say('t0', 'of another epoch');
      const elsewhere = other.gateway().broker;
      reads.mockImplementationOnce((...asked) => elsewhere.history(...asked));
      hub.interrupted();
      for (let calls = 0; calls < 4; calls += 1) await flush();
      await scene.say('t0', '1');
      await flush();
      expect(subscriber.told).toEqual(['live', ...words('1')]);
      expect(reads).toHaveBeenCalledTimes(4);
    });

    it('leaves a ticket to the subscription that has only begun to watch it', async () => {
      const { hub, broker, flush } = await joined('a');
      const newcomer = new RecordingSubscriber();
      const release = holdWatches(broker, false);
      const joining = scene.subscribe(hub, ['b'], newcomer);
      hub.interrupted();
      await flush();
      await scene.say('b', 'not watched yet');
      release();
      await flush();
      await joining;
      expect(newcomer.told).toEqual([...words('not watched yet'), 'live']);
    });

    it('leaves a ticket to its new subscription if it was evicted meanwhile', async () => {
      const { hub, broker, flush, evict } = await joined('a', 'b');
      hub.interrupted();
      await settled(); // Both tickets are read.
      evict('a');
      const back = new RecordingSubscriber();
      const release = holdWatches(broker, false);
      const joining = scene.subscribe(hub, ['a'], back);
      await flush();
      await scene.say('a', 'not watched yet');
      release();
      await flush();
      await joining;
      expect(back.told).toEqual([...words('not watched yet'), 'live']);
    });

    it('is not repeated for a ticket that was evicted meanwhile', async () => {
      const { hub, flush, evict, reads } = await joined('a', 'b');
      hub.interrupted();
      await settled();
      evict('a');
      await flush();
      await flush();
      expect(reads).toHaveBeenCalledTimes(1);
    });

    it('forgets what arrived early of a ticket that is not watched for sure, because some may be lost', async () => {
      const { hub, broker } = scene.gateway();
      await scene.subscribe(hub, ['a'], new RecordingSubscriber());
      const release = holdWatches(broker, true);
      const joining = scene.subscribe(hub, ['b'], subscriber);
      await settled();
      await scene.say('b', '1', '2');
      broker.interrupt();
      await scene.say('b', 'lost');
      broker.restore();
      await settled();
      release();
      await joining;
      expect(subscriber.told).toEqual([...words('2', 'lost'), 'live']);
    });

    it('keeps what is older for a subscription that waits for it', async () => {
      await scene.say('b', '1', '2');
      const { hub, flush } = await joined('a');
      const newcomer = new RecordingSubscriber();
      const joining = scene.subscribe(hub, ['b'], newcomer);
      await settled(); // It waits for history, whose answer is older than that of the repair.
      hub.interrupted();
      await flush();
      await flush();
      await joining;
      expect(newcomer.told).toEqual([...words('1', '2'), 'live']);
    });
  });

  it('tells a later client of the gap, too, if its position is from before that', async () => {
    const { hub, broker } = scene.gateway();
    await scene.subscribe(hub, ['a'], subscriber);
    await scene.say('a', '1');
    const { position } = subscriber;
    broker.interrupt();
    await scene.say('a', '2', '3', '4', '5', '6');
    broker.restore();
    await settled();
    const back = new RecordingSubscriber();
    await scene.subscribe(hub, ['a'], back, position && { from: { kind: 'position', position, isProven: true } });
    expect(back.told).toEqual(['history_truncated a', ...words('3', '4', '5', '6'), 'live']);
  });

  it('notices a lost publication that is the first of its ticket in a new epoch', async () => {
    const { hub, broker } = scene.gateway();
    await scene.subscribe(hub, ['a', 'b'], subscriber);
    scene.store.wipe();
    await scene.say('a', '1');
    await settled();
    await broker.unwatch(scene.key, ['b']);
    await scene.say('b', 'lost');
    await broker.watch(scene.key, ['b']);
    await scene.say('b', 'shows the hole');
    await settled();
    expect(subscriber.told.slice(-3)).toEqual(words('1', 'lost', 'shows the hole'));
  });
});
