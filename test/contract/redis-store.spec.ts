import { randomUUID } from 'node:crypto';

import {
  connectRedis,
  Keys,
  RedisBroker,
  RedisInterestRegistry,
  RedisSetStore,
  type HistoryBounds,
  type Patience,
  type RedisClient,
} from '#redis';
import {
  describeBroker,
  describeInterestRegistry,
  describeSetStore,
  ManualClock,
  type StoreFixture,
  type StoreLimits,
} from '#testing';

import { RedisServer } from '../harness/processes/redis-server.js';

/** The suites that the memory store passes, against a real Redis: each test under a key prefix of its own. */
describe('Redis', () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.dispose());

  async function make(limits: StoreLimits): Promise<StoreFixture> {
    const prefix = `test-${randomUUID()}`;
    const clients: RedisClient[] = [];
    const connect = (patience: Patience) => {
      const client = connectRedis({ redisUrl: server.url, redisPrefix: prefix }, patience, (error) => {
        throw error;
      });
      clients.push(client);
      return client;
    };
    const bounds = {
      historyMaxEvents: limits.historyMax,
      historyTtlS: 3600,
      upstreamMaxCaseIds: limits.maxCaseIds,
      pollIntervalMs: limits.intervalMs,
    };
    const commands = connect('impatient');
    const keys = new Keys(prefix);
    const clock = new ManualClock();
    const brokers = [
      broker(commands, connect('patient'), keys, clock, bounds),
      broker(commands, connect('patient'), keys, clock, bounds),
    ] as const;
    return {
      store: new RedisSetStore(commands, keys, bounds),
      registry: new RedisInterestRegistry(commands, keys, bounds),
      brokers,
      clock,
      dispose: async () => {
        brokers.forEach((each) => each.stop());
        await Promise.all(clients.map((client) => client.quit()));
      },
    };
  }

  describeSetStore('Redis', make);
  describeInterestRegistry('Redis', make);
  describeBroker('Redis', make);
});

function broker(
  commands: RedisClient,
  subscriber: RedisClient,
  keys: Keys,
  clock: ManualClock,
  bounds: HistoryBounds,
): RedisBroker {
  const onError = (error: Error) => {
    throw error;
  };
  return new RedisBroker({ commands, subscriber, keys, clock, gateway: randomUUID(), onError }, bounds);
}
