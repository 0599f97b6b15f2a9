import { randomUUID } from 'node:crypto';
import { connectRedis, Keys, RedisConnectionCounts, type RedisClient } from '#redis';
import { ManualClock } from '#testing';
import { RedisServer } from '../../../../test/harness/processes/redis-server.js';
import { until } from '../../../../test/harness/until.js';
import { describeConnectionCounts } from '../../test/connection-counts.contract.js';
import { MemoryConnectionCounts } from '../../test/memory-connection-counts.js';
import { RunningGateway, token } from '../../test/running-gateway.js';
import { TestStore } from '../../test/test-store.js';

describeConnectionCounts('memory', () => {
  const counts = new MemoryConnectionCounts();
  return { here: counts.gateway(), there: counts.gateway() };
});

describe('with a Redis', () => {
  let server: RedisServer;
  let clients: RedisClient[] = [];
  let clock: ManualClock;
  let keys: Keys;
  beforeAll(async () => void (server = await RedisServer.start()));
  afterAll(() => server.dispose());
  beforeEach(() => {
    clock = new ManualClock();
    keys = new Keys(`test-${randomUUID()}`);
  });
  afterEach(() => {
    clients.forEach((client) => client.disconnect());
    clients = [];
  });

  const connect = (): RedisClient => {
    const client = connectRedis({ redisUrl: server.url, redisPrefix: '' }, 'impatient', () => undefined, {
      enableAutoPipelining: true,
    });
    clients.push(client);
    return client;
  };
  const gateway = () => new RedisConnectionCounts({ commands: connect(), subscriber: connect(), keys, clock });

  describeConnectionCounts('Redis', () => ({ here: gateway(), there: gateway() }));

  it('what a gateway had whose machine is gone is not counted any more after three seconds', async () => {
    const [here, killed] = [gateway(), gateway()];
    await Promise.all([here.renew(), killed.renew()]);
    await killed.add('a', 0, 1);
    clock.advance(2900);
    await here.renew();
    expect(await here.add('a', 0, 1)).toBe(false);
    clock.advance(101);
    expect(await here.add('a', 0, 1)).toBe(true);
    // It was not killed, as it turns out: it has to say again what it has.
    expect(await killed.renew()).toBe(false);
    await killed.set('a', 1);
    expect(await here.add('a', 1, 2)).toBe(false);
  });

  it('what a gateway had that was killed is not counted any more at once', async () => {
    const [here, killed] = [gateway(), gateway()];
    await Promise.all([here.renew(), killed.renew()]);
    await killed.add('a', 0, 1);
    expect(await here.add('a', 0, 1)).toBe(false);
    clients.slice(2, 4).forEach((client) => client.disconnect());
    const living = () => connect().call('PUBSUB', 'CHANNELS', keys.presenceChannel('*')) as Promise<string[]>;
    await until(async () => (await living()).length === 1);
    expect(await here.add('a', 0, 1)).toBe(true);
  });

  it('what a gateway had that ended is not counted any more', async () => {
    const [here, ending] = [gateway(), gateway()];
    await Promise.all([here.renew(), ending.renew()]);
    await ending.add('a', 0, 1);
    await ending.leave();
    expect(await here.add('a', 0, 1)).toBe(true);
  });

  it('after a renewal that failed everything is told again, and nothing is counted twice', async () => {
    const [here, there] = [gateway(), gateway()];
    await Promise.all([here.renew(), there.renew()]);
    await there.add('a', 0, 1);
    const [, , commands] = clients as [RedisClient, RedisClient, RedisClient];
    jest.spyOn(commands, 'zadd').mockRejectedValueOnce(new Error('out of reach'));
    await expect(there.renew()).rejects.toThrow('out of reach');
    expect(await there.renew()).toBe(false);
    await there.set('a', 1);
    expect(await here.add('a', 0, 2)).toBe(true);
  });

  it('connections that begin together are counted by one script, each for itself', async () => {
    const [here, there] = [gateway(), gateway()];
    await Promise.all([here.renew(), there.renew()]);
    await there.add('full', 0, 1);
    await here.add('loaded', 0, 1); // From now on, the script is called by its hash.
    const scripts = async () =>
      Number(/cmdstat_evalsha:calls=(\d+)/.exec(await connect().info('commandstats'))?.[1] ?? 0);
    const before = await scripts();
    const asked = ['a', 'b', 'a', 'full', 'c'].map((subject, at, all) => {
      const own = all.slice(0, at).filter((other) => other === subject).length;
      return here.add(subject, own, subject === 'full' ? 1 : 2);
    });
    expect(await Promise.all(asked)).toEqual([true, true, true, false, true]);
    expect((await scripts()) - before).toBe(1);
    // What is told after a connection was asked for follows it.
    const [added] = await Promise.all([here.add('c', 1, 5), here.set('c', 0)]);
    expect([added, await there.add('c', 0, 1)]).toEqual([true, true]);
  });

  it('a Redis that lost its data is told everything again', async () => {
    const here = gateway();
    await here.renew();
    await connect().flushall();
    expect(await here.renew()).toBe(false);
  });

  it('a connection that was counted once ends by itself, though its gateway never says more', async () => {
    await gateway().add('bob', 0, 2);
    const client = connect();
    const [key, ...others] = (await client.keys('*')).filter((one) =>
      one.startsWith(keys.connections('').slice(0, -1)),
    );
    expect(others).toEqual([]);
    expect(await client.pttl(key ?? '')).toBeGreaterThan(500_000);
  });

  it('every key ends by itself, and none names the subject', async () => {
    const here = gateway();
    await here.renew();
    await here.add('alice@example.com', 0, 2);
    await here.set('alice@example.com', 2);
    const client = connect();
    const found = (await client.keys('*')).filter((key) => key.startsWith(keys.gateways.split(':')[0] ?? ''));
    const left = await Promise.all(found.map((key) => client.pttl(key)));
    expect(found.sort()).toEqual([keys.connections('_42YGfwOEr8NJIkuRZh-JJoo3Og2qFytYOKOqqjG2XY'), keys.gateways]);
    expect(Math.min(...left)).toBeGreaterThan(500_000);
    expect(Math.max(...left)).toBeLessThanOrEqual(3_600_000);
    await here.set('alice@example.com', 0);
    expect((await client.keys('*')).filter((key) => found.includes(key))).toEqual([keys.gateways]);
  });

  describe('a subject', () => {
    let gateways: RunningGateway[] = [];
    afterEach(async () => {
      server.resume();
      await Promise.all(gateways.map((each) => each.stop()));
      gateways = [];
    });
    const start = async () => {
      const env = { MAX_CONNECTIONS_PER_SUBJECT: '2', DRAIN_MS: '0' };
      const running = await RunningGateway.start(env, new TestStore(gateway()));
      gateways.push(running);
      return running;
    };
    const statusAt = async (running: RunningGateway) =>
      (await running.read('/v1/events?case_ids=A1')).response.statusCode;

    it('A9: has as many connections as it may have at all gateways together', async () => {
      const [here, there] = [await start(), await start()];
      expect(await statusAt(here)).toBe(200);
      const socket = await there.connect({ token: await token() });
      const refused = there.connect({ token: await token() }).catch(({ data }: { data: unknown }) => data);
      expect(await statusAt(here)).toBe(429);
      expect(await refused).toMatchObject({ code: 'too_many' });
      socket.disconnect();
      await new Promise((resolve) => setTimeout(resolve, 1100)); // After a search nobody is let in for a second.
      expect(await statusAt(here)).toBe(200);
    }, 20_000);

    it('A9: gets the place that the same client has at another gateway', async () => {
      const [here, there] = [await start(), await start()];
      const before = await there.read('/v1/events?case_ids=A1&client_id=phone');
      expect(await statusAt(there)).toBe(200);
      const after = await here.read('/v1/events?case_ids=A1&client_id=phone');
      expect(after.response.statusCode).toBe(200);
      await before.whole();
      expect(before.events.at(-1)).toMatchObject({ event: 'closing', data: { reason: 'replaced' } });
    }, 20_000);

    it('A9: is counted by each gateway alone while Redis does not answer, and by all once it does', async () => {
      const [here, there] = [await start(), await start()];
      expect(await statusAt(here)).toBe(200);
      server.pause();
      const startedAt = performance.now();
      expect(await statusAt(there)).toBe(200);
      expect(performance.now() - startedAt).toBeLessThan(1500);
      expect(await statusAt(there)).toBe(200);
      expect(await statusAt(there)).toBe(429);
      server.resume();
      await new Promise((resolve) => setTimeout(resolve, 2500));
      expect(await statusAt(here)).toBe(429);
    }, 20_000);
  });
});
