import { randomUUID } from 'node:crypto';
import { connectRedis, Keys, RedisOffers, type RedisClient } from '#redis';
import { ManualClock } from '#testing';
import { RedisServer } from '../../../../test/harness/processes/redis-server.js';
import { until } from '../../../../test/harness/until.js';
import { MemoryOffers } from '../../test/memory-offers.js';
import { RunningGateway } from '../../test/running-gateway.js';
import { TestStore } from '../../test/test-store.js';
import { AcceptRate } from './accept-rate.js';
import type { Offers } from './offers.js';
import { OwnOffer, type OwnOfferParts } from './own-offer.js';

/** What holds wherever gateways say it. */
function describeOffers(name: string, gateways: () => readonly Offers[]): void {
  it(`${name}: what a gateway says last counts, for the others`, async () => {
    const [here, there, third] = gateways() as [Offers, Offers, Offers];
    expect(await here.others()).toEqual([]);
    await here.say({ kind: 'accepts', perS: 500 });
    await there.say({ kind: 'accepts', perS: 20 });
    await there.say({ kind: 'leaves', clients: 7 });
    await there.say({ kind: 'leaves', clients: 7 });
    expect(await here.others()).toEqual([{ kind: 'leaves', clients: 7 }]);
    expect(await there.others()).toEqual([{ kind: 'accepts', perS: 500 }]);
    expect(await third.others()).toHaveLength(2);
  });
}

describe('what gateways say of themselves', () => {
  let server: RedisServer;
  let client: RedisClient;
  let clock: ManualClock;
  let keys: Keys;
  beforeAll(async () => {
    server = await RedisServer.start();
    client = connectRedis({ redisUrl: server.url, redisPrefix: '' }, 'impatient', () => undefined, {
      enableAutoPipelining: true,
    });
  });
  afterAll(async () => {
    client.disconnect();
    await server.dispose();
  });
  beforeEach(() => {
    clock = new ManualClock();
    keys = new Keys(`test-${randomUUID()}`);
  });
  const inRedis = () => new RedisOffers({ commands: client, keys, clock });

  describeOffers('memory', () => {
    const all = new MemoryOffers();
    return [all.gateway(), all.gateway(), all.gateway()];
  });
  describeOffers('Redis', () => [inRedis(), inRedis(), inRedis()]);

  it('holds for three seconds, and leaves nothing behind', async () => {
    const [here, there] = [inRedis(), inRedis()];
    await there.say({ kind: 'accepts', perS: 500 });
    clock.advance(2999);
    expect(await here.others()).toHaveLength(1);
    clock.advance(1);
    expect(await here.others()).toEqual([]);
    await here.say({ kind: 'accepts', perS: 1 });
    expect(await client.zcard(keys.offers)).toBe(1);
    expect(await client.pttl(keys.offers)).toBeGreaterThan(0);
  });

  it('counts for nothing where another release says it in other words', async () => {
    const until = clock.now() + 3000;
    await client.zadd(keys.offers, until, `${randomUUID()} sings 3`, until, 'accepts');
    expect(await inRedis().others()).toEqual([]);
  });

  it('of two draining gateways of three decides over which span their clients come back', async () => {
    const [full, draining, other] = [inRedis(), inRedis(), inRedis()];
    await full.say({ kind: 'accepts', perS: 1 });
    const store = new TestStore(undefined, undefined, draining);
    const gateway = await RunningGateway.start({ DRAIN_MS: '600' }, store);
    const stream = await gateway.read('/v1/events?case_ids=A1');
    await until(() => stream.has('ready'));
    // It has said what it can accept.
    await until(async () => (await full.others()).some(({ kind }) => kind === 'accepts'));
    await other.say({ kind: 'leaves', clients: 39 });
    jest.spyOn(Math, 'random').mockReturnValue(0.5);
    const stopped = gateway.program.stop();
    await until(() => stream.has('closing'));
    jest.restoreAllMocks();
    await stopped;
    await gateway.stop();
    expect(stream.events.at(-1)?.data).toEqual({ reason: 'draining', retry_ms: 20_100 });
    expect(await full.others()).toContainEqual({ kind: 'leaves', clients: 1 });
    expect(store.failures).toEqual([]);
  });
});

describe('the offer of a gateway', () => {
  let now: number;
  let begun: number;
  let utilization: number;
  const parts = (offers: Offers, more: Partial<Pick<OwnOfferParts, 'wait'>> = {}) => ({
    offers,
    rate: new AcceptRate(2000),
    begun: () => begun,
    utilization: () => utilization,
    now: () => now,
    wait: () => new Promise<void>(() => undefined),
    onSpan: jest.fn(),
    onError: jest.fn(),
    ...more,
  });
  beforeEach(() => {
    [now, begun, utilization] = [1000, 0, 0];
  });

  it('says every second what it can accept, by the clock', async () => {
    const all = new MemoryOffers();
    const [own, other] = [all.gateway(), all.gateway()];
    const offer = new OwnOffer(parts(own));
    await offer.say();
    expect(await other.others()).toEqual([{ kind: 'accepts', perS: 500 }]);
    [now, begun, utilization] = [3000, 2000, 0.5]; // In two seconds: a whole core accepts 2,000.
    await offer.say();
    expect(await other.others()).toEqual([{ kind: 'accepts', perS: 475 }]);
    [now, begun] = [4000, 2010]; // Few have begun since: nothing new is learned.
    await offer.say();
    expect(await other.others()).toEqual([{ kind: 'accepts', perS: 475 }]);
  });

  it('is to leave from the begin of a drain on, with all clients that it had then', async () => {
    const all = new MemoryOffers();
    const [own, other] = [all.gateway(), all.gateway()];
    const given = parts(own);
    const offer = new OwnOffer(given);
    expect(offer.span).toBeNull();
    await other.say({ kind: 'accepts', perS: 100 });
    await offer.leave(2000, 9000);
    expect(offer.span).toEqual([100, 20_100]);
    await offer.say(); // The drain says it.
    expect(await other.others()).toEqual([{ kind: 'leaves', clients: 2000 }]);
    await other.say({ kind: 'accepts', perS: 200 });
    await offer.leave(500, 9000);
    expect(await other.others()).toEqual([{ kind: 'leaves', clients: 2000 }]);
    expect(offer.span).toEqual([100, 10_100]);
    expect(given.onSpan.mock.calls).toEqual([[[100, 20_100], 2000]]);
  });

  it('keeps the rule of the table where nobody answers, or only late', async () => {
    const failing: Offers = {
      say: async () => {
        throw new Error('away');
      },
      others: async () => [],
    };
    const given = parts(failing);
    const offer = new OwnOffer(given);
    await offer.leave(10, 9000);
    expect(given.onError).toHaveBeenCalledTimes(1);
    const hanging: Offers = { say: () => new Promise(() => undefined), others: async () => [] };
    const late = new OwnOffer(parts(hanging, { wait: async () => undefined }));
    await late.leave(10, 9000);
    expect([offer.span, late.span]).toEqual([null, null]);
  });
});
