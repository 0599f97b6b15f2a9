import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { setName, feedKey, type DeltaEntry } from '#core';
import {
  BullPollQueue,
  LostJobs,
  connectRedis,
  Keys,
  RedisBroker,
  RedisInterestRegistry,
  DataLossWatch,
  redisFailureOf,
  RedisSetStore,
  type Patience,
  type RedisClient,
} from '#redis';
import { ManualClock, RecordingListener } from '#testing';
import { Redis } from 'ioredis';

import { freePort } from '../harness/processes/ports.js';
import { RedisServer } from '../harness/processes/redis-server.js';
import { until } from '../harness/until.js';

const FEED = feedKey({ language: 'en-us' });
const BOUNDS = { historyMaxEvents: 10, historyTtlS: 3600, upstreamMaxCaseIds: 10, pollIntervalMs: 1000 };
const HOUR_MS = 3_600_000;
/** Much shorter than the wait for a lost barrier, ms. */
const PROMPT_MS = 2000;

/** Two checks of the data id, ms. */
const LOOKS_MS = 1100;

/** Faults that only a real Redis can have. */
describe('a failing Redis', () => {
  let server: RedisServer;
  let keys: Keys;
  let clients: RedisClient[];
  /** Everything that a test started. It is ended even if the test fails. */
  let started: { stop(): void }[];
  let commands: RedisClient;
  const clock = new ManualClock();

  beforeAll(async () => void (server = await RedisServer.start()));
  afterAll(() => server.dispose());
  beforeEach(() => {
    keys = new Keys(`test-${randomUUID()}`);
    clients = [];
    started = [];
    commands = connect('impatient');
  });
  afterEach(() => {
    started.forEach((each) => each.stop());
    clients.forEach((client) => client.disconnect());
  });

  function ends<T extends { stop(): void }>(part: T): T {
    started.push(part);
    return part;
  }

  function connect(patience: Patience): RedisClient {
    const client = connectRedis({ redisUrl: server.url, redisPrefix: '' }, patience, () => undefined);
    clients.push(client);
    return client;
  }

  /** The store of a worker, with a poll of a set of one ticket. */
  function worker() {
    const store = new RedisSetStore(commands, keys, BOUNDS);
    const registry = new RedisInterestRegistry(commands, keys, BOUNDS);
    const begin = async (id: number) => {
      const begun = await store.begin({ feed: FEED, id }, clock.now(), { owner: 'worker', until: clock.now() });
      if (begun.kind !== 'begun') throw new Error(`found the set ${begun.kind}`);
      return begun.set;
    };
    const poll = async (caseId: string, ...contents: string[]) => {
      await registry.want(FEED, [caseId], clock.now(), clock.now() + HOUR_MS, 'arrival');
      const set = await begin(1);
      const entries = contents.map((content): DeltaEntry => {
        const seen = { kind: 'message', caseId, sentAt: null, seenAt: clock.now() } as const;
        return { ...seen, identity: `${content}.1`, class: null, message: JSON.stringify(content) } as DeltaEntry;
      });
      const due = { active: clock.now(), idle: clock.now() };
      return store.commit({ ref: set.ref, fence: set.fence, now: clock.now(), entries, backfilled: [caseId], due });
    };
    return { begin, poll };
  }

  it('makes a history wait for the subscribed connection, and for no barrier without a subscriber', async () => {
    const parts = { commands, subscriber: connect('impatient'), keys, clock, gateway: randomUUID() };
    const broker = ends(new RedisBroker({ ...parts, onError: () => undefined }, BOUNDS));
    const listener = new RecordingListener();
    broker.listen(listener);
    await broker.watch(FEED, ['a']);
    await commands.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await until(() => listener.interruptions > 0, PROMPT_MS, 'the interruption to be told');
    const before = Date.now();
    await broker.history(FEED, [{ caseId: 'a', atLeast: 1, after: null }], null);
    expect(Date.now() - before).toBeLessThan(PROMPT_MS);
  });

  it('that is a replica is left once, however many commands it refuses', async () => {
    await commands.set(keys.base(FEED), 'x');
    const socket = Reflect.get(commands, 'stream') as Socket;
    const operator = connect('patient');
    await operator.replicaof('127.0.0.1', '1');
    const refused = Array.from({ length: 30 }, () => commands.set(keys.base(FEED), 'y'));
    try {
      await until(() => socket.destroyed, PROMPT_MS, 'the connection to the replica to be left');
    } finally {
      await operator.replicaof('NO', 'ONE');
    }
    await Promise.allSettled(refused);
    // Node warns of more than ten.
    expect(socket.listenerCount('close')).toBeLessThan(5);
    expect(await commands.set(keys.base(FEED), 'z')).toBe('OK');
  });

  it('that refused to subscribe leaves no user counted: later, channels end with their last user', async () => {
    const calls: string[] = [];
    const parts = { commands, subscriber: connect('impatient'), keys, clock, gateway: randomUUID() };
    const broker = ends(new RedisBroker({ ...parts, onError: (error) => calls.push(error.message) }, BOUNDS));
    const subscribed = async () => (await commands.call('PUBSUB', 'CHANNELS', `${keys.base(FEED)}*`)) as string[];
    const read = () => broker.history(FEED, [{ caseId: 'a', atLeast: 1, after: null }], null);
    await read(); // The connection is open.
    await commands.call('ACL', 'SETUSER', 'default', 'resetchannels');
    try {
      await expect(read()).rejects.toThrow('NOPERM');
      await expect(broker.watch(FEED, ['a'])).rejects.toThrow('NOPERM');
    } finally {
      await commands.call('ACL', 'SETUSER', 'default', 'allchannels');
    }
    await read();
    expect(await subscribed()).toEqual([]);
    await broker.watch(FEED, ['a']);
    expect(await subscribed()).toHaveLength(4);
    await broker.unwatch(FEED, ['a']);
    expect(await subscribed()).toEqual([]);
    expect(calls).toEqual([]);
  });

  it('ends a history that waits at a barrier at once when the subscribed connection is cut', async () => {
    const gateway = randomUUID();
    const subscriber = connect('impatient');
    const broker = ends(
      new RedisBroker({ commands, subscriber, keys, clock, gateway, onError: () => undefined }, BOUNDS),
    );
    await broker.watch(FEED, ['a']);
    // The mark of the barrier cannot arrive. The barrier is open while the connection is.
    await subscriber.unsubscribe(keys.barrierChannel(FEED, gateway));
    const before = Date.now();
    const reading = broker.history(FEED, [{ caseId: 'a', atLeast: 1, after: null }], null);
    const refused = expect(reading).rejects.toThrow('the subscribed Redis connection was lost');
    await sleep(100);
    await commands.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await refused;
    expect(Date.now() - before).toBeLessThan(PROMPT_MS);
  });

  it('that lost its newest data gives fences beyond all earlier ones', async () => {
    const { begin, poll } = worker();
    await poll('a', '1');
    const key = `${keys.base(FEED)}set:1`;
    const dump = await commands.dumpBuffer(key);
    const before: number[] = [];
    for (let count = 0; count < 5; count += 1) {
      clock.advance(1);
      before.push((await begin(1)).fence);
      const polled = await poll('a', `more ${count}`);
      before.push(polled.kind === 'committed' ? polled.fence : 0);
    }
    await commands.restore(key, 0, dump, 'REPLACE');
    clock.advance(100);
    const { fence } = await begin(1);
    expect(fence).toBeGreaterThan(Math.max(...before));
  });

  it('that was emptied has other tickets in the set of the same name, and accepts no result from before', async () => {
    const { begin, poll } = worker();
    await poll('a');
    const { fence, members } = await begin(1);
    expect(members).toEqual(['a']);
    await commands.flushall();
    clock.advance(1);
    await poll('b');
    expect(await begin(1)).toMatchObject({ members: ['b'] });
    expect((await begin(1)).fence).toBeGreaterThan(fence);
  });

  it('that lost its newest data begins a new epoch as soon as a worker that knows more commits', async () => {
    const { poll } = worker();
    const position = () => commands.hmget(`${keys.base(FEED)}feed`, 'epoch', 'offset');
    await poll('a', '1', '2');
    const [epoch] = await position();
    await commands.hset(`${keys.base(FEED)}feed`, 'offset', '1');
    clock.advance(1);
    await poll('a', '3');
    const [renewed, offset] = await position();
    expect([renewed === epoch, offset]).toEqual([false, '2']);
  });

  it('counts correctly when offsets have as many digits as a position may have', async () => {
    const { poll } = worker();
    await poll('a', '1');
    await commands.hset(`${keys.base(FEED)}feed`, 'offset', '999999999997');
    clock.advance(1);
    expect(await poll('a', '2')).toMatchObject({ kind: 'committed', published: 1 });
    clock.advance(1);
    await poll('a', '3');
    const [, second, third] = await commands.xrange(`${keys.base(FEED)}history:a`, '-', '+');
    expect([second?.[0], third?.[0]]).toEqual(['999999999998-0', '999999999999-0']);
    expect(third?.[1][1]).toMatch(/^m [0-9a-z]{14} 999999999999 999999999998 \d{13} - "3"$/);
  });

  it('has no job that sleeps for an hour because a clock was ahead', async () => {
    const queue = new BullPollQueue(connect('patient'), keys, clock, () => undefined);
    const ref = { feed: FEED, id: 7 };
    const dueInMs = async () => {
      const score = await commands.zscore(`${keys.queuePrefix}:polls:delayed`, setName(ref));
      return score === null ? 0 : Number(score) / 0x1000 - Date.now();
    };
    await queue.wake([{ ref, at: clock.now() + HOUR_MS }]);
    expect(await dueInMs()).toBeGreaterThan(HOUR_MS / 2);
    await new LostJobs(commands, keys, queue).makeAgain([{ ref, at: clock.now() }], clock.now());
    await until(async () => (await dueInMs()) < 1000, PROMPT_MS, 'the job to be freed');
    await queue.close();
  });

  it('that lost everything is noticed, and the listener is called until it succeeds once', async () => {
    const calls: string[] = [];
    let isBroken = true;
    const watch = ends(new DataLossWatch(commands, keys, () => calls.push('error')));
    watch.watch(async () => {
      calls.push('forgot');
      if (isBroken) throw new Error('not yet');
    });
    await until(async () => (await commands.get(keys.dataId)) !== null, PROMPT_MS, 'a data id');
    await sleep(LOOKS_MS); // The data id is checked in this time, and is the same.
    expect(calls).toEqual([]);
    await commands.del(keys.dataId);
    await until(() => calls.length >= 4, PROMPT_MS, 'it to be noticed twice');
    isBroken = false;
    await until(() => calls.at(-1) === 'forgot' && calls.length > 4, PROMPT_MS, 'it to be dealt with');
    const { length } = calls;
    await sleep(LOOKS_MS);
    expect(calls).toHaveLength(length);
    expect(calls.slice(0, 4)).toEqual(['forgot', 'error', 'forgot', 'error']);
  });

  it('is told from a fault of the program, by the errors of a real client', async () => {
    const nobody = new Redis(await freePort(), '127.0.0.1', { retryStrategy: null, lazyConnect: true });
    nobody.on('error', () => undefined);
    const refused: unknown = await nobody.connect().catch((error: unknown) => error);
    const wrongType: unknown = await commands
      .set(keys.dataId, 'x')
      .then(() => commands.rpush(keys.dataId, 'x'))
      .catch((error: unknown) => error);
    const cut = commands.blpop('nothing', 0).catch((error: unknown) => error);
    commands.disconnect();
    const kinds = [refused, wrongType, await cut].map((error) => redisFailureOf(error)?.kind);
    expect(kinds).toEqual(['unreachable', 'refused', 'unreachable']);
  });
});
