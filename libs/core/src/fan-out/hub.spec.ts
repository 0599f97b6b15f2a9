import { RecordingSubscriber, PublishingFixture, settled, words } from '#testing';
import { feedKey } from '../model/feed.js';
import type { StreamPosition } from '../model/stream-position.js';
import type { ResumeFrom } from './subscription.js';

const OPTIONS = { historyMax: 4, tailMax: 2, idleMs: 1000 };

const from = (position: StreamPosition | undefined, isProven = true): ResumeFrom =>
  position === undefined ? { kind: 'start' } : { kind: 'position', position, isProven };

describe('Hub', () => {
  let scene: PublishingFixture;
  let subscriber: RecordingSubscriber;
  beforeEach(() => {
    scene = new PublishingFixture(OPTIONS);
    subscriber = new RecordingSubscriber();
  });

  describe('a subscriber', () => {
    it('gets the last publications, then the live ones', async () => {
      const { hub } = scene.gateway();
      await scene.say('a', '1', '2', '3');
      await scene.subscribe(hub, ['a'], subscriber);
      await scene.say('a', '4');
      expect(subscriber.told).toEqual([...words('2', '3'), 'live', ...words('4')]);
    });

    it('gets nothing of other tickets, and nothing after it left', async () => {
      const { hub } = scene.gateway();
      await scene.subscribe(hub, ['a'], subscriber);
      await scene.subscribe(hub, ['b'], new RecordingSubscriber());
      await scene.say('b', 'not mine');
      hub.unsubscribe(scene.feed, ['a'], subscriber);
      await scene.say('a', 'too late');
      expect(subscriber.told).toEqual(['live']);
    });

    it('that subscribes twice to one ticket gets it once', async () => {
      const { hub } = scene.gateway();
      await scene.subscribe(hub, ['a', 'b'], subscriber);
      await scene.subscribe(hub, ['b', 'c'], subscriber, { from: from(subscriber.position) });
      await scene.say('b', '1');
      expect(subscriber.told).toEqual(['live', 'live', ...words('1')]);
    });

    it('is live at once where its tickets are in memory, and nothing is done where they are not', async () => {
      const { hub } = scene.gateway();
      await scene.say('a', '1', '2', '3');
      const request = { caseIds: ['a'], from: from(undefined), history: 2 };
      const now = (more = {}) => hub.subscribeNow(scene.feed, { ...request, ...more }, subscriber);
      expect(now()).toBe(false);
      const watching = scene.subscribe(hub, ['a'], new RecordingSubscriber());
      expect(now()).toBe(false);
      await watching;
      const other = { epoch: 'another0epoch', offset: 1 };
      expect([{ caseIds: ['a', 'b'] }, { isAbandoned: () => true }, { from: from(other) }].some(now)).toBe(false);
      expect(subscriber.told).toEqual([]);
      expect(now()).toBe(true);
      await scene.say('a', '4');
      expect(subscriber.told).toEqual([...words('2', '3'), 'live', ...words('4')]);
    });

    it('that was abandoned gets no event', async () => {
      const { hub } = scene.gateway();
      await scene.subscribe(hub, ['a'], subscriber, { isAbandoned: () => true });
      await scene.say('a', '1');
      expect(subscriber.told).toEqual([]);
    });

    it('joins under load without a loss or a double', async () => {
      const { hub, broker } = scene.gateway({ delivery: 'on_flush' });
      await scene.say('a', '1');
      const joining = scene.subscribe(hub, ['a'], subscriber, { history: 4 });
      await settled();
      await scene.say('a', '2');
      broker.flush(1);
      await scene.say('a', '3');
      broker.flush();
      await joining;
      await scene.say('a', '4');
      broker.flush();
      expect(subscriber.told.filter((told) => told !== 'live')).toEqual(words('1', '2', '3', '4'));
    });

    it('is told that the first poll of its tickets is complete, and nobody is where no client wants them', async () => {
      const { hub } = scene.gateway();
      await scene.say('a', '1'); // The ticket waits for its first poll: nothing completes it here.
      await scene.subscribe(hub, ['a'], subscriber);
      hub.backfilled(feedKey({ language: 'of nobody' }), ['a']);
      hub.backfilled(scene.key, ['b']);
      expect(subscriber.told).toEqual([...words('1'), 'live']);
      hub.backfilled(scene.key, ['a', 'b']);
      expect(subscriber.told).toEqual([...words('1'), 'live', 'backfilled a']);
    });

    it('shares one read of history with all that come at the same time', async () => {
      const { hub, broker } = scene.gateway();
      const reads = jest.spyOn(broker, 'history');
      await Promise.all(Array.from({ length: 50 }, () => scene.subscribe(hub, ['a', 'b'], new RecordingSubscriber())));
      expect(reads.mock.calls.length).toBeLessThanOrEqual(2);
      await scene.subscribe(hub, ['a'], subscriber);
      expect(subscriber.told).toEqual(['live']);
      expect(reads.mock.calls.length).toBeLessThanOrEqual(2);
    });
  });

  describe('a position', () => {
    it('R11: beyond the newest publication, proven and known to its client alone, begins a new epoch for all', async () => {
      const { hub } = scene.gateway();
      const [stays, ahead, late] = [new RecordingSubscriber(), new RecordingSubscriber(), new RecordingSubscriber()];
      await scene.say('a', '1', '2');
      await scene.subscribe(hub, ['a'], stays);
      const { epoch = '' } = stays.position ?? {};
      await scene.subscribe(hub, ['a'], ahead, { from: from({ epoch, offset: 3 }) });
      expect(ahead.told).toEqual(['unknown_position a', ...words('1', '2'), 'live']);
      expect(stays.told).toContain('unknown_position a');
      // Now the feed has as many publications. In the old epoch the same position would name one of them.
      await scene.say('a', '3', '4');
      await scene.subscribe(hub, ['a'], late, { from: from({ epoch, offset: 3 }) });
      expect(late.told[0]).toBe('unknown_position a');
    });

    it('R11: that a stranger invents makes nobody else replay, at any gateway, however often', async () => {
      const gateways = [scene.gateway(), scene.gateway()];
      const honest = Array.from({ length: 20 }, () => new RecordingSubscriber());
      await scene.say('a', '1');
      await Promise.all(honest.map((one, at) => scene.subscribe(gateways[at % 2]!.hub, ['a'], one)));
      const { epoch = '' } = honest[0]?.position ?? {};
      for (const offset of [2, 1000, 999_999_999_999]) {
        for (const { hub } of gateways) {
          const stranger = new RecordingSubscriber();
          await scene.subscribe(hub, ['a', 'b'], stranger, { from: from({ epoch, offset }, false) });
          expect([stranger.told[0], stranger.recovered]).toEqual(['unknown_position a,b', false]);
        }
      }
      await scene.say('a', '2');
      expect(honest.map(({ told }) => told)).toEqual(honest.map(() => [...words('1'), 'live', ...words('2')]));
      expect(honest.map(({ position }) => position?.epoch)).toEqual(honest.map(() => epoch));
    });

    it('can be resumed from, also at another gateway that has seen less', async () => {
      const [first, second] = [scene.gateway(), scene.gateway()];
      const early = new RecordingSubscriber();
      await scene.subscribe(second.hub, ['a'], early);
      await scene.subscribe(first.hub, ['a', 'b'], subscriber);
      await scene.say('a', '1');
      await scene.say('b', '2');
      const back = new RecordingSubscriber();
      await scene.subscribe(second.hub, ['a'], back, { from: from(subscriber.position) });
      expect(back.told).toEqual(['live']);
      expect(back.recovered).toBe(true);
    });

    it('older than the history gets a gap, and then what is kept', async () => {
      const { hub } = scene.gateway();
      await scene.subscribe(hub, ['a'], subscriber);
      const position = subscriber.position;
      await scene.say('a', '1', '2', '3', '4', '5', '6');
      hub.sweep(scene.clock.now());
      const back = new RecordingSubscriber();
      await scene.subscribe(hub, ['a'], back, { from: from(position) });
      expect(back.told).toEqual(['history_truncated a', ...words('3', '4', '5', '6'), 'live']);
      expect(back.recovered).toBe(false);
    });

    it('is served from memory if the store keeps less than this gateway', async () => {
      const { hub } = scene.gateway();
      await scene.say('a', '1', '2', '3');
      await scene.subscribe(hub, ['a'], new RecordingSubscriber());
      hub.sweep(scene.clock.now());
      await scene.say('a', '4', '5', '6', '7', '8');
      const { epoch } = scene.store.historyOf(scene.key, [], null);
      await scene.subscribe(hub, ['a'], subscriber, { from: from({ epoch, offset: 0 }) });
      expect(subscriber.told).toEqual(['history_truncated a', ...words('2', '3', '4', '5', '6', '7', '8'), 'live']);
    });

    it('that was never given gets a gap, and then everything that is kept', async () => {
      const { hub } = scene.gateway();
      await scene.say('a', '1', '2', '3');
      await scene.subscribe(hub, ['a'], subscriber, { from: { kind: 'unknown' }, history: 0 });
      expect(subscriber.told).toEqual(['unknown_position a', ...words('1', '2', '3'), 'live']);
    });
  });

  describe('a store out of reach', () => {
    it('refuses a subscriber, which can try again', async () => {
      const { hub, broker } = scene.gateway();
      broker.interrupt();
      await expect(scene.subscribe(hub, ['a'], subscriber)).rejects.toThrow('out of reach');
      broker.restore();
      await scene.subscribe(hub, ['a'], subscriber);
      await scene.say('a', '1');
      expect(subscriber.told).toEqual(['live', ...words('1')]);
    });

    it('refuses subscribers that wait for a history that fails, and serves later ones', async () => {
      const { hub, broker } = scene.gateway();
      jest.spyOn(broker, 'history').mockRejectedValueOnce(new Error('broken'));
      await expect(scene.subscribe(hub, ['a'], subscriber)).rejects.toThrow('broken');
      await scene.say('a', '1');
      expect(subscriber.told).toEqual([]);
      await scene.subscribe(hub, ['a'], subscriber);
      expect(subscriber.told).toEqual([...words('1'), 'live']);
    });
  });

  it('evicts no ticket for which a subscription is in progress', async () => {
    const { hub, broker } = scene.gateway({ delivery: 'on_flush' });
    const joining = scene.subscribe(hub, ['a'], subscriber);
    await settled(); // The subscription waits for history.
    hub.sweep(scene.clock.now());
    scene.clock.advance(OPTIONS.idleMs);
    hub.sweep(scene.clock.now());
    broker.flush();
    await joining;
    await scene.say('a', '1');
    broker.flush();
    expect(subscriber.told).toEqual(['live', ...words('1')]);
  });

  it('evicts tickets without subscribers after the linger time', async () => {
    const { hub, broker } = scene.gateway();
    const unwatched = jest.spyOn(broker, 'unwatch');
    await scene.subscribe(hub, ['a', 'b'], subscriber);
    hub.unsubscribe(scene.feed, ['a'], subscriber);
    hub.sweep(scene.clock.now());
    expect(unwatched).not.toHaveBeenCalled();
    scene.clock.advance(OPTIONS.idleMs);
    hub.sweep(scene.clock.now());
    expect(unwatched.mock.calls).toEqual([[scene.key, ['a']]]);
    await scene.say('a', '1');
    await scene.subscribe(hub, ['a'], subscriber);
    expect(subscriber.told).toEqual(['live', ...words('1'), 'live']);
  });

  it('keeps nothing of a feed without tickets: the next client finds it as a new gateway does', async () => {
    const { hub, broker } = scene.gateway();
    const reads = jest.spyOn(broker, 'history');
    await scene.say('a', '1');
    await scene.subscribe(hub, ['a'], subscriber);
    hub.unsubscribe(scene.feed, ['a'], subscriber);
    hub.sweep(scene.clock.now());
    scene.clock.advance(OPTIONS.idleMs);
    hub.sweep(scene.clock.now());
    await scene.subscribe(hub, ['a'], subscriber);
    expect(reads.mock.calls.map(([, , known]) => known)).toEqual([null, null]);
    expect(subscriber.told).toEqual([...words('1'), 'live', ...words('1'), 'live']);
  });

  it('shares its memory among all tickets: the more there are, the less each keeps', async () => {
    const roomy = new PublishingFixture({ historyMax: 10, tailMax: 10, idleMs: 1000 });
    const { hub, broker } = roomy.gateway();
    const six = ['1', '2', '3', '4', '5', '6'];
    await roomy.subscribe(hub, ['a'], new RecordingSubscriber());
    await roomy.say('a', ...six);
    const reads = jest.spyOn(broker, 'history');
    hub.sweep(roomy.clock.now());
    await roomy.subscribe(hub, ['a'], subscriber, { history: 6 });
    expect(reads).not.toHaveBeenCalled();
    // With 40 001 tickets, each keeps 4 of the 200 000 publications.
    const many = Array.from({ length: 40_000 }, (_, index) => `t${index}`);
    await hub.subscribe({ language: 'de' }, { caseIds: many, from: { kind: 'start' }, history: 0 }, subscriber);
    hub.sweep(roomy.clock.now());
    reads.mockClear();
    await roomy.subscribe(hub, ['a'], subscriber, { history: 4 });
    expect(reads).not.toHaveBeenCalled();
    await roomy.subscribe(hub, ['a'], subscriber, { history: 5 });
    expect(reads).toHaveBeenCalledTimes(1);
    expect(subscriber.told).toEqual([
      ...[...words(...six), 'live', 'live'],
      ...[...words(...six.slice(-4)), 'live', ...words(...six.slice(-5)), 'live'],
    ]);
  });

  describe('a change of a feed', () => {
    const OTHER = { language: 'de' };

    it('of its polling is told to its subscribers, and to no others', async () => {
      const { hub } = scene.gateway();
      const elsewhere = new RecordingSubscriber();
      await scene.subscribe(hub, ['a'], subscriber);
      await hub.subscribe(OTHER, { caseIds: ['a'], from: { kind: 'start' }, history: 0 }, elsewhere);
      await scene.degrade();
      await scene.say('a', '1');
      hub.pollingChanged(scene.key, scene.clock.now() - 8000, scene.clock.now());
      hub.pollingChanged(scene.key, null, scene.clock.now());
      expect(subscriber.told).toEqual(['live', 'degraded', ...words('1'), 'ok', 'degraded', 'ok']);
      expect(elsewhere.told).toEqual(['live']);
    });

    it('that no client here wants has no effect', async () => {
      const { hub } = scene.gateway();
      await scene.subscribe(hub, ['a'], subscriber);
      const other = feedKey(OTHER);
      hub.published(other, {
        ...{ kind: 'status', caseId: 'a', status: 1, seenAt: 0 },
        ...{ epoch: 'epoch0001', offset: 1, previous: 0 },
      });
      hub.upstreamChanged(other, { state: 'degraded', reason: 'upstream_timeout', since: 1 });
      hub.quarantineChanged(other, 'a', true);
      hub.pollingChanged(other, 1, 9000);
      hub.unsubscribe(OTHER, ['a'], subscriber);
      expect(subscriber.told).toEqual(['live']);
      expect(hub.awaitedFeeds()).toEqual([scene.key]);
    });
  });

  it('awaits the feeds of which some client waits for a ticket that the upstream does not refuse', async () => {
    const { hub } = scene.gateway();
    expect(hub.awaitedFeeds()).toEqual([]);
    await scene.subscribe(hub, ['a', 'b'], subscriber);
    await hub.subscribe(
      { language: 'de' },
      { caseIds: ['a'], from: { kind: 'start' }, history: 0 },
      new RecordingSubscriber(),
    );
    expect(hub.awaitedFeeds()).toEqual([scene.key, feedKey({ language: 'de' })]);
    hub.quarantineChanged(feedKey({ language: 'de' }), 'a', true);
    hub.quarantineChanged(scene.key, 'a', true);
    expect(hub.awaitedFeeds()).toEqual([scene.key]);
    hub.unsubscribe(scene.feed, ['b'], subscriber);
    expect(hub.awaitedFeeds()).toEqual([]);
    hub.quarantineChanged(scene.key, 'a', false);
    expect(hub.awaitedFeeds()).toEqual([scene.key]);
    expect(subscriber.told).toEqual(['live', 'revoked a']);
  });
});
