import { randomUUID } from 'node:crypto';
import { connectRedis, Keys, RedisRevocations, type RedisClient } from '#redis';
import { RedisServer } from '../../../../test/harness/processes/redis-server.js';
import { until } from '../../../../test/harness/until.js';
import { MemoryRevocations } from '../../test/memory-revocations.js';
import { describeRevocationStore } from '../../test/revocation-store.contract.js';
import type { Revocation } from './revocation.js';
import { RevocationList } from './revocation-list.js';
import type { RevocationStore } from './revocation-store.js';
import { Revocations } from './revocations.js';

describeRevocationStore('memory', () => {
  const store = new MemoryRevocations();
  return { here: store, there: store };
});

describe('with a Redis', () => {
  let server: RedisServer;
  let clients: RedisClient[] = [];
  let keys: Keys;
  let shiftMs = 0;
  const clock = { now: () => Date.now() + shiftMs };
  beforeAll(async () => void (server = await RedisServer.start()));
  afterAll(() => server.dispose());
  beforeEach(() => {
    keys = new Keys(`test-${randomUUID()}`);
    shiftMs = 0;
  });
  afterEach(() => {
    clients.forEach((client) => client.disconnect());
    clients = [];
  });

  const connect = (): RedisClient => {
    const client = connectRedis({ redisUrl: server.url, redisPrefix: '' }, 'impatient', () => undefined);
    clients.push(client);
    return client;
  };
  const redisStore = () => new RedisRevocations({ commands: connect(), subscriber: connect(), keys, clock });
  const gateway = (store: RevocationStore = redisStore()) => {
    const revocations = new Revocations();
    const failures: unknown[] = [];
    const onChange = jest.fn();
    const onCompared = (failure: unknown) => failure !== null && failures.push(failure);
    const list = new RevocationList({ revocations, store, clock, onChange, onCompared });
    return { list, revocations, failures, onChange };
  };
  const revocation = (id: string, more: Partial<Revocation> = {}): Revocation => ({
    id,
    sub: id,
    at: clock.now(),
    until: clock.now() + 60_000,
    by: 'ops',
    ...more,
  });
  const ids = ({ revocations }: { revocations: Revocations }) => revocations.inEffect.map(({ id }) => id).sort();

  describeRevocationStore('Redis', () => ({ here: redisStore(), there: redisStore() }));

  it('a revocation is known to every gateway at once, and to one that starts later', async () => {
    const [here, there] = [gateway(), gateway()];
    await Promise.all([here.list.check(), there.list.check()]);
    expect(await here.list.put(revocation('a'))).toBe(true);
    await until(() => ids(there).length === 1); // By what it is told: it does not look again.
    expect(there.onChange).toHaveBeenCalledTimes(1);
    const later = gateway();
    await later.list.check();
    expect([ids(here), ids(there), ids(later)]).toEqual([['a'], ['a'], ['a']]);
  });

  it('a gateway that missed what was told finds it at its next look', async () => {
    const [here, there] = [gateway(), gateway()];
    await there.list.check();
    jest.spyOn(there.revocations, 'merge').mockReturnValueOnce(false);
    await here.list.put(revocation('a'));
    await until(() => jest.mocked(there.revocations.merge).mock.calls.length === 1);
    expect(ids(there)).toEqual([]);
    await there.list.check();
    expect(ids(there)).toEqual(['a']);
  });

  it('one that was lifted is lifted everywhere, and no gateway brings it back', async () => {
    const [here, there] = [gateway(), gateway()];
    await Promise.all([here.list.check(), there.list.check()]);
    const made = revocation('a');
    await here.list.put(made);
    await until(() => ids(there).length === 1);
    jest.spyOn(there.revocations, 'merge').mockReturnValueOnce(false);
    await here.list.put({ ...made, lifted_by: 'ops' });
    await until(() => jest.mocked(there.revocations.merge).mock.calls.length === 1);
    await there.list.check();
    expect([ids(here), ids(there)]).toEqual([[], []]);
  });

  it('a Redis that lost its data is given all of them again', async () => {
    const [here, there] = [gateway(), gateway()];
    await here.list.check();
    await here.list.put(revocation('a'));
    await connect().flushall();
    await there.list.check();
    expect(ids(there)).toEqual([]);
    await there.list.put(revocation('b')); // Redis has a list again before anybody has noticed.
    await here.list.check();
    await until(() => ids(there).length === 2);
    expect((await redisStore().all()).map(({ id }) => id).sort()).toEqual(['a', 'b']);
  });

  it('ends in Redis and at the gateways when its time has come', async () => {
    const here = gateway();
    await here.list.check();
    await here.list.put(revocation('a', { until: clock.now() + 1000 }));
    await here.list.put(revocation('b'));
    expect(await connect().pttl(keys.revocations)).toBeGreaterThan(60_000);
    shiftMs = 1000;
    await here.list.check();
    expect(ids(here)).toEqual(['b']);
    expect((await redisStore().all()).map(({ id }) => id)).toEqual(['b']);
  });

  it('is kept in Redis until the last revocation ends, also where a shorter one comes later', async () => {
    const store = redisStore();
    const entry = (id: string) => [{ id, text: '{}' }];
    await store.write(entry('long'), 10, clock.now() + 600_000);
    await store.write(entry('short'), 10, clock.now() + 1000);
    expect(await connect().pttl(keys.revocations)).toBeGreaterThan(600_000);
  });

  it('all are written where there are many at once', async () => {
    const store = redisStore();
    const entries = Array.from({ length: 250 }, (_, at) => ({ id: `r${at}`, text: '{}' }));
    expect(await store.write(entries, 250, clock.now() + 60_000)).toBe(true);
    expect(await store.all()).toHaveLength(250);
    expect(await store.write([{ id: 'more', text: '{}' }], 250, clock.now() + 60_000)).toBe(false);
  });

  it('what Redis gets too late is told as a failure, and is not carried out', async () => {
    shiftMs = -60_000; // As if the command had been under way for a minute.
    await expect(redisStore().write([{ id: 'a', text: '{}' }], 10, Date.now() + 60_000)).rejects.toThrow('too late');
    expect(await redisStore().all()).toEqual([]);
  });

  it('what fails does not take effect later either', async () => {
    const [here, there] = [gateway(), gateway()];
    await Promise.all([here.list.check(), there.list.check()]);
    server.pause();
    await expect(here.list.put(revocation('a'))).rejects.toThrow('timed out');
    await new Promise((resolve) => setTimeout(resolve, 500)); // Redis gets the command after its caller has given up.
    server.resume();
    await until(
      async () =>
        (await redisStore()
          .stamp()
          .catch(() => 'waits')) !== 'waits',
    );
    await there.list.check();
    expect([ids(here), ids(there)]).toEqual([[], []]);
  }, 15_000);

  it('no token is known to be valid before the list was read for the first time', async () => {
    const here = gateway();
    let isKnown = false;
    void here.list.known.then(() => (isKnown = true));
    server.pause();
    const checked = here.list.check();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect([isKnown, here.list.isKnown]).toEqual([false, false]);
    server.resume();
    await checked;
    await here.list.check();
    expect([isKnown, here.list.isKnown]).toEqual([true, true]);
  });

  it('a text that cannot be read is told, and the others take effect', async () => {
    const [here, there] = [gateway(), gateway()];
    await Promise.all([here.list.check(), there.list.check()]);
    await connect().publish(keys.revokedChannel, '["nonsense"]');
    await until(() => there.failures.length === 1);
    await here.list.put(revocation('a'));
    await until(() => ids(there).length === 1);
  });
});
