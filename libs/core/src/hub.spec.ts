import { ManualClock, MemoryBroker, MemoryStore, type MemoryBrokerOptions } from '#testing';
import { feedKey } from './feed.js';
import type { MessageIdentity } from './fingerprint.js';
import { Hub } from './hub.js';
import { jsonText } from './json.js';
import type { StreamPosition } from './stream-position.js';
import type { Notice, Recovery, ResumeFrom, Subscriber, SubscribeRequest } from './subscription.js';

const FEED = { language: 'en-us' };
const KEY = feedKey(FEED);
const OPTIONS = { historyMax: 4, tailMax: 2, idleMs: 1000 };
const START: ResumeFrom = { kind: 'start' };
const from = (position: StreamPosition | undefined): ResumeFrom =>
  position === undefined ? START : { kind: 'position', position };

/** A client that writes down what it is told: contents, and notices in words. */
class Diary implements Subscriber {
  readonly told: string[] = [];
  position: StreamPosition | undefined;
  recovered: boolean | undefined;

  recover(recovery: Recovery): void {
    recovery.notices.forEach((notice) => this.notify(notice));
    this.told.push(...recovery.replay.map((one) => (one.kind === 'message' ? one.message : '')), 'live');
    this.position = recovery.position;
    this.recovered = recovery.recovered;
  }

  deliver(...[publication]: Parameters<Subscriber['deliver']>): void {
    this.told.push(publication.kind === 'message' ? publication.message : '');
    this.position = publication;
  }

  notify(notice: Notice): void {
    this.told.push(notice.kind === 'gap' ? `${notice.reason} ${notice.caseIds.join()}` : notice.state.state);
  }
}

class Scene {
  readonly clock = new ManualClock();
  readonly store = new MemoryStore({ clock: this.clock, maxCaseIds: 100, historyMax: OPTIONS.historyMax });

  gateway(options: MemoryBrokerOptions = {}) {
    const broker = new MemoryBroker(this.store, options);
    const wait = () => new Promise<void>((resolve) => setImmediate(resolve));
    return { broker, hub: new Hub({ broker, wait }, OPTIONS) };
  }

  /** Publishes one message per content on a ticket, in one commit. */
  async say(caseId: string, ...contents: string[]): Promise<void> {
    const { ref, fence } = await this.take(caseId);
    const news = contents.map((content) => ({
      ...({ kind: 'message', caseId, message: jsonText(content), sentAt: 0, seenAt: 0 } as const),
      identity: content as MessageIdentity,
    }));
    const due = { lively: 0, quiet: 0 };
    await this.store.commit({ ref, fence, now: this.clock.now(), news, primed: [], due });
  }

  async degrade(): Promise<void> {
    for (let failures = 0; failures < 2; failures += 1) {
      const { ref, fence } = await this.take('a');
      this.clock.advance(1);
      await this.store.fail({ ref, fence, now: this.clock.now(), code: 'timeout', dueAt: 0 });
    }
  }

  private async take(caseId: string) {
    const now = this.clock.now();
    await this.store.want(KEY, [caseId], now, now + 1e9);
    const begun = await this.store.begin({ feed: KEY, id: 1 }, now, 0);
    if (begun.kind !== 'begun') {
      throw new Error('the set is never held here');
    }
    return begun.set;
  }
}

function subscribe(hub: Hub, caseIds: string[], diary: Diary, more: Partial<SubscribeRequest> = {}): Promise<void> {
  return hub.subscribe(FEED, { caseIds, from: START, history: 2, ...more }, diary);
}

/** Until everything that waits for no one has run. */
const settled = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));
const words = (...contents: string[]) => contents.map((content) => jsonText(content));

describe('Hub', () => {
  let scene: Scene;
  let diary: Diary;
  beforeEach(() => {
    scene = new Scene();
    diary = new Diary();
  });

  describe('a subscriber', () => {
    it('gets the last ones, then what comes', async () => {
      const { hub } = scene.gateway();
      await scene.say('a', '1', '2', '3');
      await subscribe(hub, ['a'], diary);
      await scene.say('a', '4');
      expect(diary.told).toEqual([...words('2', '3'), 'live', ...words('4')]);
    });

    it('gets nothing of other tickets, and nothing after it left', async () => {
      const { hub } = scene.gateway();
      await subscribe(hub, ['a'], diary);
      await subscribe(hub, ['b'], new Diary());
      await scene.say('b', 'not mine');
      hub.unsubscribe(FEED, ['a'], diary);
      await scene.say('a', 'too late');
      expect(diary.told).toEqual(['live']);
    });

    it('that subscribes twice to one ticket gets it once', async () => {
      const { hub } = scene.gateway();
      await subscribe(hub, ['a', 'b'], diary);
      await subscribe(hub, ['b', 'c'], diary, { from: from(diary.position) });
      await scene.say('b', '1');
      expect(diary.told).toEqual(['live', 'live', ...words('1')]);
    });

    it('that nobody waits for any more is never told anything', async () => {
      const { hub } = scene.gateway();
      await subscribe(hub, ['a'], diary, { isAbandoned: () => true });
      await scene.say('a', '1');
      expect(diary.told).toEqual([]);
    });

    it('joins under load without a loss or a double', async () => {
      const { hub, broker } = scene.gateway({ delivery: 'on_flush' });
      await scene.say('a', '1');
      const joining = subscribe(hub, ['a'], diary, { history: 4 });
      await settled();
      await scene.say('a', '2');
      broker.flush(1);
      await scene.say('a', '3');
      broker.flush();
      await joining;
      await scene.say('a', '4');
      broker.flush();
      expect(diary.told.filter((told) => told !== 'live')).toEqual(words('1', '2', '3', '4'));
    });

    it('shares one read of history with all who come together', async () => {
      const { hub, broker } = scene.gateway();
      const reads = jest.spyOn(broker, 'history');
      await Promise.all(Array.from({ length: 50 }, () => subscribe(hub, ['a', 'b'], new Diary())));
      expect(reads.mock.calls.length).toBeLessThanOrEqual(2);
      await subscribe(hub, ['a'], diary);
      expect(diary.told).toEqual(['live']);
      expect(reads.mock.calls.length).toBeLessThanOrEqual(2);
    });
  });

  describe('a position', () => {
    it('is gone on from, also at another gateway that has not seen as much', async () => {
      const [first, second] = [scene.gateway(), scene.gateway()];
      const early = new Diary();
      await subscribe(second.hub, ['a'], early);
      await subscribe(first.hub, ['a', 'b'], diary);
      await scene.say('a', '1');
      await scene.say('b', '2');
      const back = new Diary();
      await subscribe(second.hub, ['a'], back, { from: from(diary.position) });
      expect(back.told).toEqual(['live']);
      expect(back.recovered).toBe(true);
    });

    it('older than what is kept is told, once the rest is known', async () => {
      const { hub } = scene.gateway();
      await subscribe(hub, ['a'], diary);
      const position = diary.position;
      await scene.say('a', '1', '2', '3', '4', '5', '6');
      hub.sweep(scene.clock.now());
      const back = new Diary();
      await subscribe(hub, ['a'], back, { from: from(position) });
      expect(back.told).toEqual(['history_truncated a', ...words('3', '4', '5', '6'), 'live']);
      expect(back.recovered).toBe(false);
    });

    it('is served from memory where the store has let go of more than this gateway', async () => {
      const { hub } = scene.gateway();
      await scene.say('a', '1', '2', '3');
      await subscribe(hub, ['a'], new Diary());
      hub.sweep(scene.clock.now());
      await scene.say('a', '4', '5', '6', '7', '8');
      const { epoch } = scene.store.historyOf(KEY, []);
      await subscribe(hub, ['a'], diary, { from: from({ epoch, offset: 0 }) });
      expect(diary.told).toEqual(['history_truncated a', ...words('2', '3', '4', '5', '6', '7', '8'), 'live']);
    });

    it('of nobody is told, and everything is given', async () => {
      const { hub } = scene.gateway();
      await scene.say('a', '1', '2', '3');
      await subscribe(hub, ['a'], diary, { from: { kind: 'unknown' }, history: 0 });
      expect(diary.told).toEqual(['unknown_position a', ...words('1', '2', '3'), 'live']);
    });
  });

  describe('an interruption', () => {
    it('is repaired before anything live goes on', async () => {
      const { hub, broker } = scene.gateway();
      await subscribe(hub, ['a', 'b'], diary);
      broker.interrupt();
      await scene.say('a', '1');
      await scene.say('b', '2');
      broker.restore();
      await scene.say('a', '3');
      await settled();
      expect(diary.told).toEqual(['live', ...words('1', '2', '3')]);
    });

    it('is told where it was longer than the history', async () => {
      const { hub, broker } = scene.gateway();
      await subscribe(hub, ['a', 'b'], diary);
      broker.interrupt();
      await scene.say('a', '1', '2', '3', '4', '5');
      broker.restore();
      await settled();
      expect(diary.told).toEqual(['live', 'history_truncated a', ...words('2', '3', '4', '5')]);
    });

    it('during a repair is repaired, too', async () => {
      const { hub, broker } = scene.gateway({ delivery: 'on_flush' });
      const joining = subscribe(hub, ['a'], diary);
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
      expect(diary.told).toEqual(['live', ...words('1', '2')]);
    });

    it('lets those wait who subscribe while it is repaired', async () => {
      const { hub, broker } = scene.gateway();
      await subscribe(hub, ['a'], new Diary());
      broker.interrupt();
      await scene.say('a', '1');
      broker.restore();
      await subscribe(hub, ['a'], diary);
      await scene.say('a', '2');
      expect(diary.told).toEqual([...words('1'), 'live', ...words('2')]);
    });

    it('tells the subscribers what became of the upstream meanwhile', async () => {
      const { hub, broker } = scene.gateway();
      await subscribe(hub, ['a'], diary);
      broker.interrupt();
      await scene.degrade();
      broker.restore();
      await settled();
      expect(diary.told).toEqual(['live', 'degraded']);
      broker.interrupt();
      await scene.say('b', 'well again');
      broker.restore();
      await settled();
      expect(diary.told).toEqual(['live', 'degraded', 'ok']);
    });

    it('is repaired once history can be read again', async () => {
      const { hub, broker } = scene.gateway();
      await subscribe(hub, ['a'], diary);
      broker.interrupt();
      await scene.say('a', '1');
      jest.spyOn(broker, 'history').mockRejectedValueOnce(new Error('out of reach'));
      broker.restore();
      await settled();
      await settled();
      expect(diary.told).toEqual(['live', ...words('1')]);
    });
  });

  it('notices a publication that was lost without a word', async () => {
    const { hub, broker } = scene.gateway({ delivery: 'on_flush' });
    const joining = subscribe(hub, ['a', 'b'], diary);
    await settled();
    broker.flush();
    await joining;
    await broker.unwatch(KEY, ['a']);
    await scene.say('a', 'lost');
    await broker.watch(KEY, ['a']);
    await scene.say('b', 'passes by');
    await scene.say('a', 'shows the hole');
    broker.flush();
    await settled();
    broker.flush();
    await settled();
    expect(diary.told).toEqual(['live', ...words('passes by', 'lost', 'shows the hole')]);
  });

  describe('a new life of the feed', () => {
    it('is told as a gap, and given from its beginning', async () => {
      const { hub } = scene.gateway();
      await subscribe(hub, ['a'], diary);
      await scene.say('a', '1', '2', '3');
      scene.store.wipe();
      await scene.say('a', 'new 1', 'new 2', 'new 3');
      await settled();
      expect(diary.told).toEqual([
        'live',
        ...words('1', '2', '3'),
        'unknown_position a',
        ...words('new 1', 'new 2', 'new 3'),
      ]);
    });

    it('is not undone by a late publication of the old one', async () => {
      const { hub, broker } = scene.gateway();
      await subscribe(hub, ['a'], diary);
      await scene.say('a', '1');
      const [late] =
        scene.store.historyOf(KEY, [{ caseId: 'a', atLeast: 1, after: null }]).tickets[0]?.publications ?? [];
      scene.store.wipe();
      await scene.say('a', 'new');
      await settled();
      const reads = jest.spyOn(broker, 'history');
      if (late !== undefined) {
        hub.published(KEY, { ...late, offset: 99 });
      }
      await settled();
      await settled();
      expect(reads.mock.calls.length).toBe(2);
      await scene.say('a', 'newer');
      expect(diary.told).toEqual(['live', ...words('1'), 'unknown_position a', ...words('new', 'newer')]);
    });
  });

  describe('a store out of reach', () => {
    it('refuses a subscriber, who can come again', async () => {
      const { hub, broker } = scene.gateway();
      broker.interrupt();
      await expect(subscribe(hub, ['a'], diary)).rejects.toThrow('out of reach');
      broker.restore();
      await subscribe(hub, ['a'], diary);
      await scene.say('a', '1');
      expect(diary.told).toEqual(['live', ...words('1')]);
    });

    it('refuses those who wait for a history that fails, and serves those who come after', async () => {
      const { hub, broker } = scene.gateway();
      jest.spyOn(broker, 'history').mockRejectedValueOnce(new Error('broken'));
      await expect(subscribe(hub, ['a'], diary)).rejects.toThrow('broken');
      await scene.say('a', '1');
      expect(diary.told).toEqual([]);
      await subscribe(hub, ['a'], diary);
      expect(diary.told).toEqual([...words('1'), 'live']);
    });
  });

  it('lets go of tickets that nobody wants, after a while', async () => {
    const { hub, broker } = scene.gateway();
    const unwatched = jest.spyOn(broker, 'unwatch');
    await subscribe(hub, ['a', 'b'], diary);
    hub.unsubscribe(FEED, ['a'], diary);
    hub.sweep(scene.clock.now());
    expect(unwatched).not.toHaveBeenCalled();
    scene.clock.advance(OPTIONS.idleMs);
    hub.sweep(scene.clock.now());
    expect(unwatched.mock.calls).toEqual([[KEY, ['a']]]);
    await scene.say('a', '1');
    await subscribe(hub, ['a'], diary);
    expect(diary.told).toEqual(['live', ...words('1'), 'live']);
  });
});
