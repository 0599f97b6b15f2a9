import { randomUUID } from 'node:crypto';

import { feedKey, Interest, type CaseId } from '#core';
import { connectRedis, Keys, RedisBroker, type Patience, type RedisClient } from '#redis';
import { FakeUpstream } from '#testing';

import { RedisServer } from '../../../test/harness/processes/redis-server.js';
import { until } from '../../../test/harness/until.js';
import { LiveWorker } from './live-worker.js';

/** The names that an earlier state of `main` gave to the keys of the queue and of the quota. */
class EarlierKeys extends Keys {
  override get queuePrefix(): string {
    return '{p:queue}';
  }

  override get quota(): readonly [string, string, string, string, string] {
    return ['{p:quota}', '{p:quota}:waiting', '{p:quota}:asking', '{p:quota}:unknown', '{p:quota}:never'];
  }
}

const FEED = { language: 'en-us' };
const BOUNDS = { historyMaxEvents: 1000, historyTtlS: 3600, upstreamMaxCaseIds: 5, pollIntervalMs: 100 };
const TICKETS: readonly CaseId[] = Array.from({ length: 10 }, (_, at) => `T${at}`);
const LINGER_MS = 60_000;
/** Until a set is found that only the other queue knows, ms, and what a busy machine adds. */
const FOUND_MS = 15_000;

/** Processes of two versions share one Redis for a while. */
describe('an upgrade from the version whose queue had another name', () => {
  const clock = { now: () => Date.now() };
  const upstream = new FakeUpstream({ clock, latency: () => new Promise((resolve) => setTimeout(resolve, 10)) });
  const clients: RedisClient[] = [];
  const workers: LiveWorker[] = [];
  let server: RedisServer;
  let broker: RedisBroker;

  const connect = (patience: Patience) => {
    const client = connectRedis({ redisUrl: server.url, redisPrefix: '' }, patience, () => undefined);
    clients.push(client);
    return client;
  };
  const start = async (keys: Keys) => {
    const onError = () => undefined;
    const worker = await LiveWorker.start({ redisUrl: server.url, keys, clock, upstream, bounds: BOUNDS, onError });
    worker.reconcile();
    workers.push(worker);
    return worker;
  };
  const read = async () => {
    const wants = TICKETS.map((caseId) => ({ caseId, atLeast: 1000, after: null }));
    const { epoch, tickets } = await broker.history(feedKey(FEED), wants, null);
    const contents = tickets.flatMap(({ publications }) =>
      publications.map((one) =>
        one.kind === 'message' ? String((JSON.parse(one.message) as { content: string }).content) : '',
      ),
    );
    return { epoch, contents: contents.sort() };
  };

  beforeAll(async () => {
    server = await RedisServer.start();
    const parts = { commands: connect('impatient'), subscriber: connect('impatient'), keys: new Keys('p'), clock };
    broker = new RedisBroker({ ...parts, gateway: randomUUID(), onError: () => undefined }, BOUNDS);
  });
  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.stop()));
    broker.stop();
    clients.forEach((client) => client.disconnect());
    await server.dispose();
  });

  it('keeps every position and polls nothing twice, in either direction', async () => {
    const posted: string[] = [];
    const post = () => {
      const text = `message ${posted.length}`.padEnd(12);
      upstream.post(TICKETS[posted.length % TICKETS.length] ?? '', { content: text });
      posted.push(text);
    };
    const allCame = () => until(async () => (await read()).contents.length === posted.length, FOUND_MS, 'all messages');

    const earlier = await start(new EarlierKeys('p'));
    await new Interest({ ...earlier, clock }, LINGER_MS).acquire(FEED, TICKETS.slice(0, 5));
    post();
    await allCame();
    const { epoch } = await read();

    // A gateway of the new version adds tickets, which go into its own queue, while the earlier worker still runs.
    const later = await start(new Keys('p'));
    await new Interest({ ...later, clock }, LINGER_MS).acquire(FEED, TICKETS.slice(5));
    for (let count = 0; count < 30; count += 1) {
      post();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await allCame();
    workers.splice(workers.indexOf(earlier), 1);
    await earlier.stop();
    TICKETS.forEach(post);
    await allCame();

    expect(await read()).toEqual({ epoch, contents: posted.sort() });
    expect(upstream.maxOverlap).toBe(1);
  });
});
