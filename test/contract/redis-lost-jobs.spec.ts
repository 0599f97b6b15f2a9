import { Redis } from 'ioredis';

import { setName, type DueSet } from '#core';
import { BullPollQueue, connectRedis, JOB_LATE_MS, LostJobs, type RedisClient } from '#redis';
import { StoreDriver, USUAL_LIMITS } from '#testing';

import { DeclaredKeys } from '../fixtures/declared-keys.js';
import { redisStoreFixture, type RedisStoreFixture } from '../fixtures/redis-store-fixture.js';
import { RedisServer } from '../harness/processes/redis-server.js';

const FEEDS = 12;
/** Each of these jobs is lost: one waits, one is delayed, one is with a worker, one has the mark of a worker that stood still. */
const STATES = ['wait', 'delayed', 'active', 'stalled'] as const;

/** What is lost of the poll queue, in a real Redis. */
describe('lost jobs', () => {
  let server: RedisServer;
  let fixture: RedisStoreFixture;
  let bull: RedisClient;
  let queue: BullPollQueue;
  let jobs: LostJobs;
  let sets: DueSet[];
  let key: (name: string) => string;

  beforeAll(async () => void (server = await RedisServer.start()));
  afterAll(() => server.dispose());
  beforeEach(async () => {
    fixture = await redisStoreFixture(server.url, USUAL_LIMITS);
    const { keys, commands, clock } = fixture;
    key = (name) => `${keys.queuePrefix}:polls:${name}`;
    bull = connectRedis({ redisUrl: server.url, redisPrefix: '' }, 'patient', () => undefined);
    queue = new BullPollQueue(bull, keys, clock, () => undefined);
    jobs = new LostJobs(commands, keys, queue);
    sets = [];
    for (let at = 0; at < FEEDS; at += 1) {
      const driver = new StoreDriver(fixture);
      const ref = await driver.wantOneSet('a');
      await driver.publish(ref);
      sets.push({ ref, at: fixture.clock.now() + 60_000 });
    }
    await queue.makeAgain(sets.map(({ ref }, at) => ({ ref, at: fixture.clock.now() + (at % 4 === 1 ? 60_000 : 0) })));
    for (const [at, { ref }] of sets.entries()) {
      const state = STATES[at % 4];
      if (state === 'active' || state === 'stalled') {
        await commands.lrem(key('wait'), 0, setName(ref));
        await commands.lpush(key('active'), setName(ref));
      }
      if (state === 'active') await commands.set(key(`${setName(ref)}:lock`), 'token');
    }
  });
  afterEach(async () => {
    await queue.close();
    bull.disconnect();
    await fixture.dispose();
  });

  const makeAgain = () => jobs.makeAgain(sets, fixture.clock.now());
  const namesOf = (state: (typeof STATES)[number]) =>
    sets.filter((_, at) => STATES[at % 4] === state).map(({ ref }) => setName(ref));
  /** How often each set has a job that some list names, and whether its hash is whole. */
  async function placesOf(): Promise<[number, boolean][]> {
    const { commands } = fixture;
    const lists = await Promise.all(['wait', 'paused', 'active'].map((name) => commands.lrange(key(name), 0, -1)));
    const named = [...lists.flat(), ...(await commands.zrange(key('delayed'), '0', '-1'))];
    return Promise.all(
      sets.map(async ({ ref }): Promise<[number, boolean]> => {
        const { name, data } = await commands.hgetall(key(setName(ref)));
        const isWhole = name === 'poll' && data === JSON.stringify({ feed: ref.feed, set: ref.id });
        return [named.filter((id) => id === setName(ref)).length, isWhole];
      }),
    );
  }
  const deleteMatching = async (pattern: string) => {
    const { commands } = fixture;
    const found = await commands.keys(key(pattern).replace(/[{}]/g, '?'));
    if (found.length > 0) await commands.del(...found);
  };
  const hashes = () => fixture.commands.del(...sets.map(({ ref }) => key(setName(ref))));

  it.each<[string, number, () => Promise<unknown>]>([
    ['nothing', 0, async () => undefined],
    ['the whole queue', 12, () => deleteMatching('*')],
    ['the delayed jobs', 3, () => fixture.commands.del(key('delayed'))],
    ['the list of those that wait', 3, () => fixture.commands.del(key('wait'))],
    [
      'the list of those that stood still',
      3,
      async () => {
        await Promise.all(namesOf('stalled').map((id) => fixture.commands.lrem(key('active'), 0, id)));
      },
    ],
    ['all hashes', 12, hashes],
    ['all hashes and locks', 12, () => deleteMatching('*/*')],
    ['all lists', 9, () => fixture.commands.del(key('wait'), key('active'), key('delayed'))],
  ])('are made again, each once: %s', async (_, lost, lose) => {
    await lose();
    expect(await makeAgain()).toBe(lost);
    // A job that a worker has needs no list until the worker gives it back.
    const places = (await placesOf()).map(([times, isWhole], at) => [
      STATES[at % 4] === 'active' || times === 1,
      isWhole,
    ]);
    expect(places).toEqual(sets.map(() => [true, true]));
    expect((await placesOf()).every(([times]) => times <= 1)).toBe(true);
    expect(await makeAgain()).toBe(0);
  });

  it('keep the lock of a worker that has one of them, where only the hash was lost', async () => {
    await hashes();
    await makeAgain();
    const locks = await Promise.all(namesOf('active').map((id) => fixture.commands.get(key(`${id}:lock`))));
    expect(locks).toEqual(['token', 'token', 'token']);
  });

  it('are made again where only the mark of their worker is left', async () => {
    await hashes();
    await fixture.commands.del(key('wait'), key('active'), key('delayed'));
    expect(await makeAgain()).toBe(FEEDS);
    expect(await placesOf()).toEqual(sets.map(() => [1, true]));
  });

  it('run when their sets are due, and within ten seconds', async () => {
    await deleteMatching('*');
    const [soon] = sets;
    await jobs.makeAgain(
      [{ ...(soon as DueSet), at: fixture.clock.now() + 4000 }, ...sets.slice(1)],
      fixture.clock.now(),
    );
    const scores = await fixture.commands.zrange(key('delayed'), '0', '-1', 'WITHSCORES');
    const inMs = scores.flatMap((score, at) => (at % 2 === 1 ? [Number(score) / 0x1000 - Date.now()] : []));
    expect(inMs).toHaveLength(FEEDS);
    expect(inMs[0]).toBeLessThanOrEqual(4000);
    expect(Math.max(...inMs)).toBeLessThanOrEqual(10_001);
    expect(inMs[1]).toBeGreaterThan((inMs[0] ?? 0) + 5000);
  });

  it('bring back the bound of the events that BullMQ keeps', async () => {
    await deleteMatching('*');
    await makeAgain();
    expect(await fixture.commands.hget(key('meta'), 'opts.maxLenEvents')).toBe('100');
  });

  it('are none where a set has ended, or is a moment old: its gateway is about to make its job', async () => {
    const driver = new StoreDriver(fixture);
    const fresh = await driver.wantOneSet('a');
    const ended = { ...fresh, id: 99 };
    const now = fixture.clock.now();
    const both = (at: number) => [fresh, ended].map((ref) => ({ ref, at }));
    expect(await jobs.makeAgain(both(now - JOB_LATE_MS + 1), now)).toBe(0);
    expect(await jobs.makeAgain(both(now - JOB_LATE_MS), now)).toBe(1);
    expect(await fixture.commands.exists(key(setName(fresh)), key(setName(ended)))).toBe(1);
  });

  it('are told from whole ones by a sample', async () => {
    expect(await queue.counts()).toEqual({ all: FEEDS, waiting: FEEDS / 4 });
    expect(await queue.isSampleWhole()).toBe(true);
    await hashes();
    expect(await queue.isSampleWhole()).toBe(false);
    await deleteMatching('*');
    expect(await queue.isSampleWhole()).toBe(true);
    expect(await queue.counts()).toEqual({ all: 0, waiting: 0 });
  });

  it('make their script touch no key that it has not declared', async () => {
    const monitor = new Redis(server.url);
    const declaredKeys = await DeclaredKeys.watch(monitor);
    const [{ ref }] = sets as [DueSet];
    const ended = { ref: { ...ref, id: 99 }, at: fixture.clock.now() };
    await hashes();
    await fixture.commands.hset(key(setName(ended.ref)), 'stc', 1);
    // No job is added, so no script of BullMQ runs: they declare no job.
    expect(await jobs.makeAgain([...sets, ended], fixture.clock.now())).toBe(FEEDS);
    await monitor.ping();
    declaredKeys.stop();
    monitor.disconnect();
    expect(declaredKeys.seen).toBeGreaterThan(3 * FEEDS);
    expect([...declaredKeys.faults]).toEqual([]);
    expect(await fixture.commands.exists(key(setName(ended.ref)))).toBe(0);
  });
});
