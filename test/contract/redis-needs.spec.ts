import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { connectRedis, Keys, NeedsWatch, redisFailureOf, type RedisClient, type RedisFailure } from '#redis';

import { documentedRights } from '../harness/processes/documented-rights.js';
import { RedisCluster } from '../harness/processes/redis-cluster.js';
import { RedisSentinels } from '../harness/processes/redis-sentinels.js';
import { REDIS_PASSWORD, RedisServer } from '../harness/processes/redis-server.js';
import { until } from '../harness/until.js';

const WITHIN_MS = 15_000;

/** Whether a program knows that its Redis does not do what it needs. Each state is that of a real Redis. */
describe('what a program needs of Redis', () => {
  let server: RedisServer;
  let admin: RedisClient;
  const ended: (() => unknown)[] = [];
  /** What the connections told by themselves. */
  const told = new Set<string>();

  beforeAll(async () => {
    server = await RedisServer.start();
    admin = connectRedis({ redisUrl: server.url, redisPrefix: '' }, 'impatient', () => undefined);
  });
  const endAll = async () => {
    for (const end of ended.splice(0).reverse()) await end();
  };
  afterEach(endAll);
  // What tests opened that ran at once. They start several servers, or wait for seconds.
  afterAll(async () => {
    await endAll();
    admin.disconnect();
    await server.dispose();
  });

  /** What a gateway tries. */
  function needs(redisUrl: string, prefix = 'pollcast', more: { redisCluster?: 'true' } = {}): NeedsWatch {
    const onError = (error: Error) => void told.add(redisFailureOf(error)?.kind ?? error.message);
    const connect = () => connectRedis({ redisUrl, redisPrefix: prefix, ...more }, 'impatient', onError);
    const [commands, subscriber] = [connect(), connect()];
    const keys = new Keys(prefix);
    const watch = new NeedsWatch({ commands, subscriber, keys, hearsShards: true, onError: () => undefined });
    ended.push(() => [commands, subscriber].forEach((client) => client.disconnect()));
    ended.push(() => watch.stop());
    return watch;
  }

  /** What is wrong, as a line of the log says it; null: nothing. */
  async function wrong(watch: NeedsWatch): Promise<Pick<RedisFailure, 'kind' | 'text' | 'isRefusal'> | null> {
    try {
      await watch.check();
      return null;
    } catch (error) {
      const failure = redisFailureOf(error, 'pollcast');
      if (failure === null) throw error;
      return { kind: failure.kind, text: failure.text, isRefusal: failure.isRefusal };
    }
  }

  async function user(...rights: string[]): Promise<string> {
    const name = `user-${randomUUID()}`;
    await admin.call('ACL', 'SETUSER', name, 'on', `>${REDIS_PASSWORD}`, ...documentedRights(), ...rights);
    return `redis://${name}:${REDIS_PASSWORD}@127.0.0.1:${server.port}`;
  }

  it('is there with the documented rights, and nothing is left of the trial but what ends', async () => {
    const watch = needs(await user());
    expect(watch.areMet).toBe(false);
    expect(await wrong(watch)).toBeNull();
    expect(watch.areMet).toBe(true);
    const left = await admin.keys('pollcast:{try:*');
    expect(left).toHaveLength(1);
    expect(await admin.pttl(left[0] ?? '')).toBeGreaterThan(0);
  });

  it.each([
    ['-eval', '+eval'],
    ['-evalsha', '+evalsha'],
    ['-xadd', '+xadd'],
    ['-zadd', '+zadd'],
    ['-publish', '+publish'],
    ['-subscribe', '+subscribe'],
    ['-info', '+info'],
  ])('is not there where the user may not %s, and the line names the right', async (taken, missing) => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined); // ioredis tells of INFO, too.
    expect(await wrong(needs(await user(taken)))).toEqual({
      kind: 'denied',
      text: expect.stringContaining(`grant ${missing} (`),
      isRefusal: true,
    });
    warn.mockRestore();
  });

  it.each([
    [['resetkeys', '~other:*'], 'a key: grant ~pollcast:* ('],
    [['resetchannels', '&other:*'], 'a channel: grant &pollcast:* ('],
  ])('is not there where the user has the pattern of %j, and the line names the pattern', async (rights, text) => {
    const found = await wrong(needs(await user(...rights)));
    expect(found).toEqual({ kind: 'denied', text: expect.stringContaining(text), isRefusal: true });
  });

  it.concurrent('is watched: a right that is taken away is missed, and one that is given back is found', async () => {
    const url = await user();
    const watch = needs(url);
    await watch.check();
    watch.watch();
    const { username } = new URL(url);
    await admin.call('ACL', 'SETUSER', username, '-evalsha');
    await until(() => !watch.areMet, WITHIN_MS, 'the right to be missed');
    await admin.call('ACL', 'SETUSER', username, '+evalsha');
    await until(() => watch.areMet, WITHIN_MS, 'the right to be found');
  });

  it('is not there in a database that does not exist, and nothing is written to another one', async () => {
    const prefix = `wrong-${randomUUID()}`;
    expect(await wrong(needs(`${server.url}/99`, prefix))).toMatchObject({ kind: 'no_database', isRefusal: true });
    expect(await admin.keys(`${prefix}*`)).toEqual([]);
    expect(await wrong(needs(`${server.url}/9`, prefix))).toBeNull();
  });

  it('is not there where the layout of the keys is a newer or an older one: the line says both', async () => {
    const prefix = `layout-${randomUUID()}`;
    expect(await wrong(needs(server.url, prefix))).toBeNull();
    const { layout } = new Keys(prefix);
    expect(await admin.get(layout)).toBe('1');
    for (const other of ['2', '0', 'x'.repeat(1000)]) {
      await admin.set(layout, other);
      const found = await wrong(needs(server.url, prefix));
      expect(found).toMatchObject({ kind: 'layout', isRefusal: true });
      expect(found?.text).toContain(`layout ${other.slice(0, 20)} of the keys, and this release has layout 1: run the`);
      expect(found?.text.length).toBeLessThan(250);
    }
    expect(await admin.keys(`${prefix}:{*`)).toHaveLength(1); // Of the first trial alone.
  });

  it.concurrent('is not there while Redis is full, nor while it is a replica, also where it became one', async () => {
    const master = await RedisServer.start();
    ended.push(() => master.dispose());
    const other = await RedisServer.start('--replicaof', '127.0.0.1', String(master.port));
    ended.push(() => other.dispose());
    const operator = connectRedis({ redisUrl: other.url, redisPrefix: '' }, 'impatient', () => undefined);
    ended.push(() => operator.disconnect());
    const watch = needs(other.url);
    expect(await wrong(watch)).toMatchObject({ kind: 'read_only', isRefusal: true });
    await operator.replicaof('NO', 'ONE');
    expect(await wrong(watch)).toBeNull();
    await operator.config('SET', 'maxmemory', '1');
    expect(await wrong(watch)).toMatchObject({ kind: 'full', isRefusal: true });
    await operator.config('SET', 'maxmemory', '0');
    expect(await wrong(watch)).toBeNull();
    await operator.replicaof('127.0.0.1', master.port);
    expect(await wrong(watch)).toMatchObject({ kind: 'read_only', isRefusal: true });
  });

  it.concurrent('is not there at a sentinel, and is behind it', async () => {
    const sentinels = await RedisSentinels.start(1);
    ended.push(() => sentinels.dispose());
    const [port] = sentinels.ports;
    expect(await wrong(needs(`redis://127.0.0.1:${port}`))).toEqual({
      kind: 'no_command',
      text: expect.stringContaining('redis+sentinel://host,host/master'),
      isRefusal: true,
    });
    expect(await wrong(needs(sentinels.limitedUrl))).toBeNull();
    needs(sentinels.limitedUrl.replace('/tickets/', '/others/'));
    await until(() => told.has('no_master'), WITHIN_MS, 'the name of the master to be unknown');
  });

  it.concurrent(
    'is not there at one node of a cluster, is at a configuration endpoint, and not in a cluster that is none',
    async () => {
      const cluster = await RedisCluster.start();
      ended.push(() => cluster.dispose());
      const [one = ''] = cluster.limitedUrl.split(',');
      expect(await wrong(needs(one))).toMatchObject({
        kind: 'moved',
        text: expect.stringContaining('REDIS_CLUSTER=true'),
      });
      expect(await wrong(needs(one, 'pollcast', { redisCluster: 'true' }))).toBeNull();
      expect(await wrong(needs(cluster.limitedUrl))).toBeNull();
      await Promise.all(cluster.nodes.map(({ admin: node }) => node.call('ACL', 'SETUSER', 'pollcast', '-ssubscribe')));
      expect(await wrong(needs(cluster.limitedUrl))).toMatchObject({ kind: 'denied' });
      needs(server.url, 'pollcast', { redisCluster: 'true' });
      await until(() => told.has('no_cluster'), WITHIN_MS, 'it to be told that Redis is no cluster');
    },
  );

  it('holds each command that the scripts of Pollcast call, and each that those of BullMQ call', () => {
    const lua = join(__dirname, '../../libs/redis/src/lua');
    const own = readdirSync(lua).flatMap((file) => commandsOf(readFileSync(join(lua, file), 'utf8')));
    const bull = join(__dirname, '../../node_modules/bullmq/dist/cjs/scripts');
    const others = readdirSync(bull)
      .filter((file) => USED_OF_BULLMQ.test(file))
      .flatMap((file) => commandsOf(readFileSync(join(bull, file), 'utf8')));
    expect(new Set(others).size).toBeGreaterThan(20);
    const tried = new Set(
      [...readFileSync(join(lua, 'try.lua'), 'utf8').matchAll(/^ {2}\{ '([A-Z]+)'/gm)].map(([, name = '']) => name),
    );
    tried.add('PUBLISH');
    expect([...new Set([...own, ...others])].filter((name) => !tried.has(name))).toEqual([]);
  });
});

/** Scripts that a queue and a worker call for jobs without parents, schedulers and groups. */
const USED_OF_BULLMQ =
  /^(?:addDelayedJob|addStandardJob|changeDelay|extendLocks?|getCounts|getState|isFinished|moveStalledJobsToWait|moveToActive|moveToDelayed|moveToFinished|pause|promote|releaseLock|removeJob|retryJob)-\d+\.js$/;

function commandsOf(source: string): string[] {
  return [...source.matchAll(/(?:redis\.p?call|rcall)\(\s*\\?["']([A-Za-z]+)/g)].map(([, name = '']) =>
    name.toUpperCase(),
  );
}
