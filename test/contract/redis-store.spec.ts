import { describeBroker, describeInterestRegistry, describeSetStore, type StoreLimits } from '#testing';

import { redisStoreFixture } from '../fixtures/redis-store-fixture.js';
import { RedisServer } from '../harness/processes/redis-server.js';

/** The suites that the memory store passes, against a real Redis: each test under a key prefix of its own. */
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
