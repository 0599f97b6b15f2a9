import { Redis } from 'ioredis';

import { message, StoreDriver, USUAL_LIMITS } from '#testing';

import { redisStoreFixture, type RedisStoreFixture } from '../fixtures/redis-store-fixture.js';
import { RedisServer } from '../harness/processes/redis-server.js';

const KEPT = 500;

/** What a page of history costs Redis: as much as it returns, wherever in history it begins. */
describe('a page in Redis', () => {
  let server: RedisServer;
  let fixture: RedisStoreFixture;
  let driver: StoreDriver;
  let operator: Redis;
  let monitor: Redis;
  /** The commands of scripts, with their arguments. */
  let sent: string[][] = [];

  beforeAll(async () => {
    server = await RedisServer.start();
    fixture = await redisStoreFixture(server.url, { ...USUAL_LIMITS, historyMax: KEPT });
    driver = new StoreDriver(fixture);
    const ref = await driver.wantOneSet('a');
    await driver.publish(ref, ...Array.from({ length: KEPT + 9 }, (_, at) => message('a', `${at}`)));
    operator = new Redis(server.url);
    monitor = await operator.monitor();
    monitor.on('monitor', (_time: string, args: string[], source: string) => {
      if (source === 'lua') sent.push(args);
    });
  });
  afterAll(async () => {
    monitor.disconnect();
    operator.disconnect();
    await fixture.dispose();
    await server.dispose();
  });

  async function events(after: number | null, limit: number): Promise<{ given: number; read: number }> {
    const { epoch } = await driver.history();
    sent = [];
    const want = { caseId: 'a', after: after === null ? null : { epoch, offset: after }, limit };
    const { publications } = await fixture.brokers[0].page(driver.feed, want);
    await fixture.commands.ping();
    // Each of these commands reads as many events as it says.
    const reads = sent.filter(([name]) => /^x(rev)?range$/i.test(name ?? ''));
    return { given: publications.length, read: reads.reduce((sum, args) => sum + Number(args.at(-1)), 0) };
  }

  it.each([null, 1, 10, 250, KEPT + 7])(
    'after %s reads as many events as are wanted, and at most two more',
    async (after) => {
      for (const limit of [1, 2]) {
        const { given, read } = await events(after, limit);
        expect(given).toBe(limit);
        expect(read).toBeLessThanOrEqual(limit + 2);
        expect(read).toBeGreaterThan(0);
      }
    },
  );
});
