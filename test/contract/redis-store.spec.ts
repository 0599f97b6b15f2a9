import { Redis } from 'ioredis';

import { describeBroker, describeInterestRegistry, describeSetStore, type StoreLimits } from '#testing';

import { DeclaredKeys } from '../fixtures/declared-keys.js';
import { redisStoreFixture } from '../fixtures/redis-store-fixture.js';
import { RedisServer } from '../harness/processes/redis-server.js';

/** The contract suites of the memory store, against a real Redis. Each test has its own key prefix. */
describe('Redis', () => {
  let server: RedisServer;
  let operator: Redis;
  let declaredKeys: DeclaredKeys;

  beforeAll(async () => {
    server = await RedisServer.start();
    operator = new Redis(server.url);
    declaredKeys = await DeclaredKeys.watch(operator);
  });
  afterAll(async () => {
    declaredKeys.stop();
    operator.disconnect();
    await server.dispose();
  });

  const make = (limits: StoreLimits) => redisStoreFixture(server.url, limits);

  describeSetStore('Redis', make);
  describeInterestRegistry('Redis', make);
  describeBroker('Redis', make);

  it('sees no script of all these suites touch a key that it has not declared', async () => {
    await operator.ping();
    expect(declaredKeys.seen).toBeGreaterThan(1000);
    expect([...declaredKeys.faults]).toEqual([]);
  });
});
