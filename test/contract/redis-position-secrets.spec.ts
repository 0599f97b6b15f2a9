import { setTimeout as sleep } from 'node:timers/promises';

import { Hub, parseFeedKey, type Feed } from '#core';
import { PositionIds } from '#protocol';
import { RedisPositionSecrets } from '#redis';
import { message, RecordingSubscriber, StoreDriver, text, USUAL_LIMITS } from '#testing';

import { redisStoreFixture, type RedisStoreFixture } from '../fixtures/redis-store-fixture.js';
import { RedisServer } from '../harness/processes/redis-server.js';
import { until } from '../harness/until.js';

const OPTIONS = { historyMax: 20, tailMax: 20, idleMs: 1000 };
const ignore = () => undefined;

/** Whose position is believed when Redis has less than it. */
describe('signed positions', () => {
  let server: RedisServer;
  let fixture: RedisStoreFixture;
  let driver: StoreDriver;
  let feed: Feed;
  const started: RedisPositionSecrets[] = [];
  /** A hub repairs for ever, and its connections are closed at the end: then it waits for ever. */
  let isOver = false;
  const wait = (ms: number) => (isOver ? new Promise<void>(() => undefined) : sleep(ms));

  beforeAll(async () => void (server = await RedisServer.start()));
  afterAll(() => server.dispose());
  beforeEach(async () => {
    isOver = false;
    fixture = await redisStoreFixture(server.url, USUAL_LIMITS, ignore);
    driver = new StoreDriver(fixture);
    feed = parseFeedKey(driver.feed);
  });
  afterEach(async () => {
    isOver = true;
    started.splice(0).forEach((secrets) => secrets.stop());
    await fixture.dispose();
  });

  /** The secrets of a gateway that starts now. */
  async function startGateway(): Promise<RedisPositionSecrets> {
    const secrets = new RedisPositionSecrets(fixture.commands, fixture.keys, ignore);
    started.push(secrets);
    await secrets.start();
    return secrets;
  }

  it('have one secret at all gateways, also at those that start at once', async () => {
    const gateways = await Promise.all([startGateway(), startGateway(), startGateway()]);
    gateways.push(await startGateway());
    const kept = await fixture.commands.get(fixture.keys.positionSecret);
    expect(gateways.map(({ positionSecrets }) => positionSecrets)).toEqual(gateways.map(() => [kept]));
    expect(kept).toMatch(/^[\w-]{43}$/);
  });

  it('keep their secret when Redis lost it, and are proven by the gateways that knew it where another came first', async () => {
    const gateway = await startGateway();
    const [secret = ''] = gateway.positionSecrets;
    await fixture.commands.del(fixture.keys.positionSecret);
    await until(async () => (await fixture.commands.get(fixture.keys.positionSecret)) === secret, 5000, 'the secret');
    await fixture.commands.set(fixture.keys.positionSecret, 'of another gateway');
    await until(() => gateway.positionSecrets.length === 2, 5000, 'the other secret');
    expect(gateway.positionSecrets).toEqual(['of another gateway', secret]);
  });

  it('R11: end the epoch after Redis lost its end, for a client that knows more, and for no stranger', async () => {
    const given = new PositionIds(await startGateway());
    const ref = await driver.wantOneSet('a');
    await driver.publish(ref, message('a', '1'), message('a', '2'));
    await fixture.commands.save();
    await driver.publish(ref, message('a', '3'));
    const { epoch } = await driver.history('a');
    const [second, third] = [2, 3].map((offset) => given.idOf({ epoch, offset }));
    await server.kill();
    await server.up();
    await until(async () => (await fixture.commands.ping()) === 'PONG', 10_000, 'Redis to be back');

    // Workers and gateways have ended, too: nobody but the clients remembers anything.
    const ids = new PositionIds(await startGateway());
    const hubs = fixture.brokers.map((broker) => new Hub({ broker, wait }, OPTIONS));
    const subscribe = async (hub: Hub | undefined, id: string | undefined) => {
      const client = new RecordingSubscriber();
      await hub?.subscribe(feed, { caseIds: ['a'], from: ids.resumeFrom(id), history: 0 }, client);
      return client;
    };
    const kept = [text('1'), text('2')];
    const honest = await Promise.all(hubs.map((hub) => subscribe(hub, second)));
    for (const invented of [third?.slice(0, -1) + '?', `${epoch}-000000000003`, third?.replace('3-', '9-')]) {
      for (const hub of hubs) {
        expect((await subscribe(hub, invented)).told).toEqual(['unknown_position a', ...kept, 'live']);
      }
    }
    expect(honest.map(({ told }) => told)).toEqual([['live'], ['live']]);
    expect((await driver.history('a')).epoch).toBe(epoch);

    expect((await subscribe(hubs[0], third)).told).toEqual(['unknown_position a', ...kept, 'live']);
    expect((await driver.history('a')).epoch).not.toBe(epoch);
    await driver.publish(ref, message('a', '3'));
    await until(() => honest.every(({ told }) => told.includes(text('3'))), 5000, 'all to be told');
    expect(honest.map(({ told }) => told)).toEqual(
      [0, 1].map(() => ['live', 'unknown_position a', ...kept, text('3')]),
    );
  });
});
