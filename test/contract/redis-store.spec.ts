import { describeBroker, describeInterestRegistry, describeSetStore, type StoreLimits } from '#testing';

import { redisStoreFixture } from '../fixtures/redis-store-fixture.js';
import { RedisServer } from '../harness/processes/redis-server.js';

/** The contract suites of the memory store, against a real Redis. Each test has its own key prefix. */
describe('Redis', () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.dispose());

  const make = (limits: StoreLimits) => redisStoreFixture(server.url, limits);

  describeSetStore('Redis', make);
  describeInterestRegistry('Redis', make);
  describeBroker('Redis', make);
});
