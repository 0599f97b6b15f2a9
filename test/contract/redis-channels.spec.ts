import { feedKey, type SetRef } from '#core';
import { BullPollQueue, connectRedis, WakeChannel, type RedisClient } from '#redis';
import { INTEREST_MS, message, StoreDriver, USUAL_LIMITS } from '#testing';

import { redisStoreFixture, type RedisStoreFixture } from '../fixtures/redis-store-fixture.js';
import { RedisServer } from '../harness/processes/redis-server.js';
import { until } from '../harness/until.js';

/** What workers and gateways hear at once, in a real Redis. */
describe('channels', () => {
  let server: RedisServer;
  let fixture: RedisStoreFixture;
  let driver: StoreDriver;
  let wake: WakeChannel;
  let bull: RedisClient;
  let subscriber: RedisClient;
  const heard: (SetRef | 'workers')[] = [];
  beforeAll(async () => void (server = await RedisServer.start()));
  afterAll(() => server.dispose());
  beforeEach(async () => {
    fixture = await redisStoreFixture(server.url, USUAL_LIMITS);
    driver = new StoreDriver(fixture);
    const connect = () => connectRedis({ redisUrl: server.url, redisPrefix: '' }, 'patient', () => undefined);
    [bull, subscriber] = [connect(), connect()];
    wake = new WakeChannel(fixture.commands, fixture.keys);
    heard.length = 0;
    await wake.listen(subscriber, {
      changed: (ref) => heard.push(ref),
      onWorkersChanged: () => heard.push('workers'),
    });
  });
  afterEach(async () => {
    [bull, subscriber].forEach((client) => client.disconnect());
    await fixture.dispose();
  });

  it('of workers name sets, whatever is in the names of their feeds, and tell of workers apart from them', async () => {
    const feeds = ['1', 'a/b', 'ü 1', '+'].map((groupId) => feedKey({ language: 'en-us', groupId }));
    const refs = feeds.map((feed, at) => ({ feed, id: 100 + at }));
    await wake.tell([]);
    await wake.tell(refs);
    await wake.tellWorkersChanged();
    await until(() => heard.includes('workers'));
    expect(heard).toEqual([...refs, 'workers']);
  });

  it('of workers tell of a set that is woken: the worker that has it does not wait for its due time', async () => {
    const queue = new BullPollQueue(bull, fixture.keys, fixture.clock, () => undefined);
    const ref = await driver.wantOneSet('a');
    await queue.wake([{ ref, at: driver.now }]);
    await until(() => heard.length > 0);
    expect(heard).toEqual([ref]);
    await queue.close();
  });

  it('of workers tell of a set that a ticket has left: the worker that has it reads it again', async () => {
    const ref = await driver.wantOneSet('leaves');
    await driver.publish(ref, message('leaves', '1'));
    fixture.clock.advance(INTEREST_MS / 2);
    await driver.want('stays');
    fixture.clock.advance(INTEREST_MS / 2);
    heard.length = 0;
    expect(await fixture.registry.sweep(driver.feed, driver.now)).toBe(1);
    await until(() => heard.length > 0);
    expect(heard).toContainEqual(ref);
  });

  it('of a gateway end with the last ticket of a feed, and with a read that failed', async () => {
    const [broker] = fixture.brokers;
    const { feed } = driver;
    const { commands, keys } = fixture;
    const subscribed = async () => {
      const base = keys.base(feed).replace(/[[\]?*\\]/g, '?');
      return ((await commands.call('PUBSUB', 'CHANNELS', `${base}*`)) as string[]).length;
    };
    await broker.watch(feed, ['a', 'b', 'c']);
    expect(await subscribed()).toBe(6);
    await broker.unwatch(feed, ['a', 'b']);
    expect(await subscribed()).toBe(4);
    await broker.unwatch(feed, ['c']);
    expect(await subscribed()).toBe(0);
    await commands.set(`${keys.base(feed)}feed`, 'no hash');
    await expect(broker.history(feed, [], null)).rejects.toThrow('WRONGTYPE');
    expect(await subscribed()).toBe(0);
  });
});
