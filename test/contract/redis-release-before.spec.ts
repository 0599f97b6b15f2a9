import type { RedisClient } from '#redis';
import { message, StoreDriver, text, USUAL_LIMITS } from '#testing';

import { redisStoreFixture, type RedisStoreFixture } from '../fixtures/redis-store-fixture.js';
import { RedisServer } from '../harness/processes/redis-server.js';

/** What the release before, which knows no classes, has in Redis and does to it: in an upgrade, beside this one, after a rollback. */
describe('the release before', () => {
  let server: RedisServer;
  let fixture: RedisStoreFixture;
  let driver: StoreDriver;
  let commands: RedisClient;

  beforeAll(async () => void (server = await RedisServer.start()));
  afterAll(() => server.dispose());
  beforeEach(async () => {
    fixture = await redisStoreFixture(server.url, USUAL_LIMITS);
    driver = new StoreDriver(fixture);
    ({ commands } = fixture);
  });
  afterEach(() => fixture.dispose());

  const key = (name: string) => fixture.keys.base(driver.feed) + name;
  /** Its commit: a message is new if its identity is. Returns how many it would publish. */
  const deliver = (...identities: string[]) =>
    commands.zadd(key('delivered:a'), 'NX', ...identities.flatMap((identity) => ['1', identity]));

  it('has delivered what is not delivered again, and whose class is learned from then on', async () => {
    const ref = await driver.wantOneSet('a');
    await deliver('x.1', 'x.2', 'y.1');
    const shown = [message('a', 'x', 1, 'C'), message('a', 'x', 2, 'C'), message('a', 'y', 1, 'D')];
    expect(await driver.publish(ref, ...shown)).toMatchObject({ published: 0 });
    expect(await commands.zrange(key('delivered:a'), '0', '-1')).toEqual(
      expect.arrayContaining(['~C.1', '~C.2', '~D.1']),
    );
    const rewritten = [message('a', 'X', 1, 'C'), message('a', 'X', 2, 'C'), message('a', 'Y', 1, 'D')];
    expect(await driver.publish(ref, ...rewritten)).toMatchObject({ published: 0 });
  });

  it('finds the identities of all that this release delivered', async () => {
    const ref = await driver.wantOneSet('a');
    await driver.publish(ref, message('a', 'x', 1, 'C'), message('a', 'x', 2, 'C'), message('a', 'y', 1, 'D'));
    expect(await deliver('x.1', 'x.2', 'y.1')).toBe(0);
  });

  it('delivers one of two equal messages, and this release the other one', async () => {
    const ref = await driver.wantOneSet('a');
    await driver.publish(ref, message('a', 'x', 1, 'C'));
    await deliver('x.2');
    const three = [1, 2, 3].map((count) => message('a', 'x', count, 'C'));
    expect(await driver.publish(ref, ...three)).toMatchObject({ published: 1 });
    expect(await deliver('x.1', 'x.2', 'x.3')).toBe(0);
    expect(await driver.contents('a')).toEqual([text('x'), text('x')]);
  });
});
