import { RecordingSubscriber, PublishingFixture, cutsOf, settled, words } from '#testing';
import type { ReplayPart, SubscribeRequest } from './subscription.js';
import type { HistorySlice } from './ports/broker.js';

const OPTIONS = {
  historyMax: 8,
  tailMax: 2,
  idleMs: 1000,
  replay: { wholeMax: 2, wholeMaxBytes: 100, sliceMax: 3, sliceMaxBytes: 100 },
};

/** A subscriber that takes a slice when the test lets it. */
class SlowSubscriber extends RecordingSubscriber {
  private ready: (() => void) | null = null;

  override async replay(slice: ReplayPart): Promise<void> {
    await super.replay(slice);
    await new Promise<void>((resolve) => (this.ready = resolve));
  }

  async read(): Promise<void> {
    this.ready?.();
    await settled();
  }
}

describe('a long replay', () => {
  let scene: PublishingFixture;
  let subscriber: RecordingSubscriber;
  beforeEach(() => {
    scene = new PublishingFixture(OPTIONS);
    subscriber = new RecordingSubscriber();
  });

  const position = (offset: number): Partial<SubscribeRequest> => {
    const { epoch } = scene.store.historyOf(scene.key, [], null);
    return { from: { kind: 'position', position: { epoch, offset }, isProven: true }, history: 0 };
  };
  const replayed = (told: readonly string[]) => told.filter((one) => one !== 'slice' && one !== 'live');
  /** Two tickets, in turns. */
  const say = async (...contents: string[]) => {
    for (const [at, content] of contents.entries()) {
      await scene.say(at % 2 === 0 ? 'a' : 'b', content);
    }
  };

  it('comes in slices, in the order of the feed, and ends live', async () => {
    const { hub, broker } = scene.gateway();
    await say('1', '2', '3', '4', '5', '6', '7');
    const reads = jest.spyOn(broker, 'slice');
    await scene.subscribe(hub, ['a', 'b'], subscriber, position(0));
    await scene.say('b', '8');
    expect(replayed(subscriber.told)).toEqual(words('1', '2', '3', '4', '5', '6', '7', '8'));
    expect(subscriber.told.filter((one) => one === 'slice').length).toBeGreaterThanOrEqual(2);
    expect(subscriber.told.indexOf('live')).toBe(subscriber.told.length - 2);
    expect(subscriber.recovered).toBe(true);
    expect(reads).toHaveBeenCalled();
  });

  it('is one of more than 1,000 publications, where nothing else is said', async () => {
    scene = new PublishingFixture({ historyMax: 2000, tailMax: 2, idleMs: 1000 });
    const { hub } = scene.gateway();
    await scene.say('a', ...Array.from({ length: 1000 }, (_, at) => String(at)));
    const whole = new RecordingSubscriber();
    await scene.subscribe(hub, ['a'], whole, position(0));
    await scene.say('a', '1000');
    await scene.subscribe(hub, ['a'], subscriber, position(0));
    expect([whole, subscriber].map(({ told }) => told.includes('slice'))).toEqual([false, true]);
    expect(replayed(subscriber.told)).toHaveLength(1001);
  });

  it('gives a client without a position the last publications of each ticket', async () => {
    const { hub } = scene.gateway();
    await say('1', '2', '3', '4', '5', '6', '7', '8', '9', '10');
    await scene.say('a', '11');
    await scene.subscribe(hub, ['a', 'b'], subscriber, { history: 3 });
    expect(replayed(subscriber.told)).toEqual(words('6', '7', '8', '9', '10', '11'));
    expect(subscriber.recovered).toBe(false);
  });

  it('gives what is in memory without a read, in slices too', async () => {
    const roomy = new PublishingFixture({ ...OPTIONS, tailMax: 8 });
    scene = roomy;
    const { hub, broker } = roomy.gateway();
    await roomy.subscribe(hub, ['a'], new RecordingSubscriber());
    await roomy.say('a', '1', '2', '3', '4', '5');
    const reads = [jest.spyOn(broker, 'slice'), jest.spyOn(broker, 'extent'), jest.spyOn(broker, 'history')];
    await roomy.subscribe(hub, ['a'], subscriber, position(0));
    expect(replayed(subscriber.told)).toEqual(words('1', '2', '3', '4', '5'));
    expect(subscriber.told[0]).not.toBe('live');
    expect(subscriber.told).toContain('slice');
    reads.forEach((read) => expect(read).not.toHaveBeenCalled());
  });

  it('of a crowd at one position is read once, and each member gets all of it', async () => {
    const { hub, broker } = scene.gateway({ latency: settled });
    const said = Array.from({ length: 12 }, (_, at) => String(at));
    await say(...said.slice(0, 8));
    const from = position(0);
    const alone = jest.spyOn(broker, 'slice');
    await scene.subscribe(hub, ['a', 'b'], subscriber, from);
    const reads = alone.mock.calls.length;
    alone.mockClear();
    // They come one by one while messages are published, so that each has another end.
    const crowd = Array.from({ length: 5 }, () => new SlowSubscriber());
    const joining: Promise<void>[] = [];
    for (const [at, member] of crowd.entries()) {
      joining.push(scene.subscribe(hub, ['a', 'b'], member, from));
      await settled();
      if (at > 0) await scene.say(at % 2 === 0 ? 'a' : 'b', said[7 + at] as string);
    }
    while (crowd.some(({ told }) => !told.includes('live'))) {
      for (const member of crowd) await member.read();
    }
    await Promise.all(joining);
    for (const { told, recovered } of crowd) {
      expect(replayed(told)).toEqual(words(...said));
      expect(recovered).toBe(true);
    }
    // The first slice is read by the first one for itself: nobody else was there.
    expect(alone.mock.calls.length).toBeLessThanOrEqual(reads + 2);
  });

  it('is read whole if it turns out to be small', async () => {
    const { hub, broker } = scene.gateway();
    await scene.say('a', '1');
    await scene.say('c', '2', '3', '4', '5', '6', '7');
    const reads = jest.spyOn(broker, 'slice');
    await scene.subscribe(hub, ['a', 'b'], subscriber, position(0));
    expect(subscriber.told).toEqual([...words('1'), 'live']);
    expect(reads).not.toHaveBeenCalled();
  });

  it('goes on only when its client has read, and loses nothing that is published meanwhile', async () => {
    const { hub } = scene.gateway();
    const slow = new SlowSubscriber();
    await say('1', '2', '3', '4', '5', '6');
    const joining = scene.subscribe(hub, ['a', 'b'], slow, position(0));
    await settled();
    const first = slow.told.length;
    expect(replayed(slow.told).length).toBeLessThanOrEqual(3);
    await say('7', '8');
    await settled();
    expect(slow.told).toHaveLength(first);
    while (!slow.told.includes('live')) {
      await slow.read();
    }
    await joining;
    await scene.say('a', '9');
    expect(replayed(slow.told)).toEqual(words('1', '2', '3', '4', '5', '6', '7', '8', '9'));
  });

  it('R12: tells once and first what is gone, and later what is trimmed while it runs', async () => {
    const { hub } = scene.gateway();
    const slow = new SlowSubscriber();
    await scene.say('a', ...['1', '2', '3', '4', '5', '6', '7', '8', '9', '10']);
    const joining = scene.subscribe(hub, ['a'], slow, position(1));
    await settled();
    expect(slow.told.slice(0, 2)).toEqual(['history_truncated a', ...words('3')]);
    await scene.say('a', ...['11', '12', '13', '14', '15', '16', '17']);
    while (!slow.told.includes('live')) {
      await slow.read();
    }
    await joining;
    const told = slow.told.filter((one) => one !== 'slice' && one !== 'live');
    const second = told.lastIndexOf('history_truncated a');
    expect(told.filter((one) => one === 'history_truncated a')).toHaveLength(2);
    expect(told.slice(second + 1)).toEqual(words('10', '11', '12', '13', '14', '15', '16', '17'));
    expect(slow.recovered).toBe(false);
  });

  it('of a position that means nothing begins with a gap for all, and has everything that is kept', async () => {
    const { hub } = scene.gateway();
    await say('1', '2', '3', '4', '5', '6');
    await scene.subscribe(hub, ['a', 'b'], subscriber, { from: { kind: 'unknown' }, history: 0 });
    expect(replayed(subscriber.told)).toEqual(['unknown_position a,b', ...words('1', '2', '3', '4', '5', '6')]);
    expect(subscriber.recovered).toBe(false);
  });

  it('R14: has cuts with the last messages, those of its earlier slices too', async () => {
    const { hub } = scene.gateway();
    await say('1', '2', '3', '4', '5', '6', '7');
    for (const from of [position(0), { from: { kind: 'unknown' } as const }]) {
      await scene.subscribe(hub, ['a', 'b'], subscriber, { ...from, history: 3, cuts: true });
      expect(subscriber.told).toContain('slice');
      expect(cutsOf(subscriber)).toEqual([words('3', '5', '7'), words('2', '4', '6')]);
    }
  });

  it('tells that the upstream fails first, and that it works again at the end', async () => {
    const { hub } = scene.gateway();
    const slow = new SlowSubscriber();
    await say('1', '2', '3', '4', '5', '6');
    await scene.degrade();
    const joining = scene.subscribe(hub, ['a', 'b'], slow, position(0));
    await settled();
    expect(slow.told[0]).toBe('degraded');
    await scene.say('a', '7');
    while (!slow.told.includes('live')) {
      await slow.read();
    }
    await joining;
    expect(slow.told.filter((one) => one === 'degraded' || one === 'ok')).toEqual(['degraded', 'ok']);
  });

  it('ends when no client waits for it any more', async () => {
    const { hub, broker } = scene.gateway();
    const slow = new SlowSubscriber();
    await say('1', '2', '3', '4', '5', '6', '7', '8');
    let isAbandoned = false;
    const joining = scene.subscribe(hub, ['a', 'b'], slow, { ...position(0), isAbandoned: () => isAbandoned });
    await settled();
    const reads = jest.spyOn(broker, 'slice');
    const before = slow.told.length;
    isAbandoned = true;
    await slow.read();
    await joining;
    expect(reads).not.toHaveBeenCalled();
    await scene.say('a', '9');
    expect(slow.told).toHaveLength(before);
  });

  it('goes on from everything that is kept if the store loses its data meanwhile', async () => {
    const { hub } = scene.gateway();
    const slow = new SlowSubscriber();
    await say('1', '2', '3', '4', '5', '6', '7', '8');
    const joining = scene.subscribe(hub, ['a', 'b'], slow, position(0));
    await settled();
    scene.store.wipe();
    await say('new 1', 'new 2');
    while (!slow.told.includes('live')) {
      await slow.read();
    }
    await joining;
    const told = replayed(slow.told);
    expect(told.slice(told.lastIndexOf('unknown_position a,b'))).toEqual([
      'unknown_position a,b',
      ...words('new 1', 'new 2'),
    ]);
    expect(slow.recovered).toBe(false);
  });
  it('leaves nothing behind: those that come later read for themselves', async () => {
    const { hub, broker } = scene.gateway();
    await say('1', '2', '3', '4', '5', '6', '7', '8');
    const slices = jest.spyOn(broker, 'slice');
    const history = jest.spyOn(broker, 'history');
    const reads = [];
    for (let clients = 0; clients < 3; clients += 1) {
      slices.mockClear();
      await scene.subscribe(hub, ['a', 'b'], new RecordingSubscriber(), position(0));
      reads.push(slices.mock.calls.length);
    }
    expect(reads).toEqual([reads[0], reads[0], reads[0]]);
    // Alone, all of it comes in slices.
    expect(history.mock.calls.flatMap(([, wants]) => wants.filter(({ after }) => after !== null))).toEqual([]);
  });

  it('ends with all that is left, as soon as that is small', async () => {
    const { hub } = scene.gateway();
    const slow = new SlowSubscriber();
    await say('1', '2', '3', '4', '5', '6');
    const joining = scene.subscribe(hub, ['a', 'b'], slow, position(0));
    await settled();
    await say('7', '8');
    while (!slow.told.includes('live')) await slow.read();
    await joining;
    expect(slow.told.slice(-4)).toEqual(['slice', ...words('7', '8'), 'live']);
  });

  it('is told nothing of another epoch before its gap', async () => {
    const { hub } = scene.gateway();
    const slow = new SlowSubscriber();
    await say('1', '2', '3', '4', '5', '6');
    const joining = scene.subscribe(hub, ['a', 'b'], slow, position(0));
    await settled();
    const before = replayed(slow.told).length;
    scene.store.wipe();
    const news = Array.from({ length: 12 }, (_, at) => `new ${at}`);
    await say(...news);
    while (!slow.told.includes('live')) await slow.read();
    await joining;
    expect(replayed(slow.told).slice(before)).toEqual(['unknown_position a,b', ...words(...news)]);
  });

  it('asks for as many offsets as its own span lets expect', async () => {
    const { hub, broker } = scene.gateway();
    await scene.say('c', ...Array.from({ length: 100 }, (_, at) => `x${at}`));
    await scene.say('a', '1', '2', '3', '4', '5', '6', '7', '8');
    const slices = jest.spyOn(broker, 'slice');
    await scene.subscribe(hub, ['a'], subscriber, position(100));
    expect(replayed(subscriber.told)).toEqual(words('1', '2', '3', '4', '5', '6', '7', '8'));
    const answers = await Promise.all(slices.mock.results.map(({ value }) => value as Promise<HistorySlice>));
    expect(answers.filter(({ publications }) => publications === null)).toEqual([]);
  });

  it('tells nobody of slices in which there is nothing', async () => {
    const { hub } = scene.gateway();
    await scene.say('a', '1', '2', '3');
    await scene.say('c', ...Array.from({ length: 60 }, (_, at) => `x${at}`));
    await scene.say('a', '4', '5', '6');
    await scene.subscribe(hub, ['a'], subscriber, position(0));
    expect(replayed(subscriber.told)).toEqual(words('1', '2', '3', '4', '5', '6'));
    expect(subscriber.told.join(' ')).not.toContain('slice slice');
  });
});
