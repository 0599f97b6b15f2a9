import { Redis } from 'ioredis';

import type { Publication, SetRef } from '#core';
import { message, StoreDriver, USUAL_LIMITS } from '#testing';

import { redisStoreFixture, type RedisStoreFixture } from '../fixtures/redis-store-fixture.js';
import { RedisServer } from '../harness/processes/redis-server.js';

const TICKETS = ['a', 'b', 'c'];
const KEPT = 1500;
/** Events that one script reads at most (READ_MAX_EVENTS). It may ask for more than there are: at most for twice as many. */
const READ_MAX = 1000;
/** Events that a slice reads at once. */
const AT_ONCE = 64;

/** What reads of past publications cost Redis: no script reads more than a bounded number of events. */
describe('reads of much history in Redis', () => {
  let server: RedisServer;
  let fixture: RedisStoreFixture;
  let driver: StoreDriver;
  let operator: Redis;
  let monitor: Redis;
  let ref: SetRef;
  /** Per script, how many events its commands ask for. */
  let reads: number[] = [];
  let marks = 0;

  beforeAll(async () => {
    server = await RedisServer.start();
    fixture = await redisStoreFixture(server.url, { ...USUAL_LIMITS, historyMax: KEPT });
    driver = new StoreDriver(fixture);
    ref = await driver.wantOneSet(...TICKETS);
    for (let at = 0; at < KEPT + 9; at += 1) {
      await driver.publish(ref, ...TICKETS.map((caseId) => message(caseId, `${caseId}${at}`)));
    }
    operator = new Redis(server.url);
    monitor = await operator.monitor();
    monitor.on('monitor', (_time: string, args: string[], source: string) => {
      if (args[0] === 'echo') seen(args[1]);
      else if (source !== 'lua') reads.push(0);
      // Each of these commands reads as many events as it says.
      else if (/^x(rev)?range$/i.test(args[0] ?? '')) reads.push((reads.pop() ?? 0) + Number(args.at(-1)));
    });
  }, 30_000);
  afterAll(async () => {
    monitor.disconnect();
    operator.disconnect();
    await fixture.dispose();
    await server.dispose();
  });
  beforeEach(async () => {
    await watched();
    reads = [];
  });

  let seen: (mark?: string) => void = () => undefined;
  /** Resolves when the monitor has shown everything that was sent. */
  async function watched(): Promise<void> {
    marks += 1;
    const mark = `mark ${marks}`;
    const shown = new Promise<void>((resolve) => (seen = (one) => one === mark && resolve()));
    await operator.echo(mark);
    await shown;
  }

  const all = (caseId: string) => Array.from({ length: KEPT }, (_, at) => `${caseId}${at + 9}`);
  const contents = (publications: readonly Publication[]) =>
    publications.map((one) => one.kind === 'message' && (JSON.parse(one.message) as { content: string }).content);
  const largest = async () => {
    await watched();
    return Math.max(...reads);
  };

  it.each([
    ['all that are kept', { atLeast: KEPT, after: null }],
    ['all after an offset', { atLeast: 10, after: 3 * 9 }],
  ])('a history of %s is whole, and no script reads more than its bound', async (_, want) => {
    const wants = TICKETS.map((caseId) => ({ caseId, ...want }));
    const { tickets, offset } = await fixture.brokers[0].history(driver.feed, wants, null);
    expect(offset).toBe(3 * (KEPT + 9));
    for (const { caseId, publications, completeAfter } of tickets) {
      expect(contents(publications)).toEqual(all(caseId));
      expect(completeAfter).toBeLessThanOrEqual(publications[0]?.offset ?? 0);
    }
    expect(await largest()).toBeLessThanOrEqual(2 * READ_MAX);
    expect(reads.filter((events) => events > 0).length).toBeGreaterThanOrEqual((3 * KEPT) / READ_MAX);
  });

  it('has one instant, also where publications come between its scripts', async () => {
    const wants = TICKETS.map((caseId) => ({ caseId, atLeast: KEPT, after: null }));
    const reading = fixture.brokers[0].history(driver.feed, wants, null);
    await driver.publish(ref, ...TICKETS.map((caseId) => message(caseId, 'meanwhile')));
    const { offset, tickets } = await reading;
    for (const { publications } of tickets) {
      expect(publications.at(-1)?.offset).toBeLessThanOrEqual(offset);
      expect(publications.length).toBeGreaterThanOrEqual(KEPT - 1);
    }
  });

  it.each([1, 700, 1499])('the extent of the last %d is found within the bound', async (count) => {
    const wants = TICKETS.map((caseId) => ({ caseId, count }));
    const floors = new Map<string, number>();
    while (floors.size < TICKETS.length) {
      const part = await fixture.brokers[0].extent(driver.feed, wants.slice(floors.size));
      part.floors.forEach((floor, caseId) => floors.set(caseId, floor));
    }
    expect(await largest()).toBeLessThanOrEqual(2 * READ_MAX);
    const want = { floors, after: 0, upTo: 9999, maxEvents: 9999, maxBytes: 9_999_999 };
    const { publications } = await fixture.brokers[0].slice(driver.feed, want, null);
    expect(publications?.length).toBe(3 * count);
  });

  it('a slice is read by several scripts, each of its share of the tickets', async () => {
    const floors = new Map(TICKETS.map((caseId) => [caseId, 0]));
    const want = { floors, after: 2000, upTo: 2600, maxEvents: 1000, maxBytes: 9_999_999 };
    const { publications } = await fixture.brokers[0].slice(driver.feed, want, null);
    expect(publications?.map(({ offset }) => offset)).toEqual(Array.from({ length: 600 }, (_, at) => 2001 + at));
    expect(await largest()).toBeLessThanOrEqual(200 + AT_ONCE);
  });

  it('a slice of several scripts has no more events than it may, all together', async () => {
    const floors = new Map(TICKETS.map((caseId) => [caseId, 0]));
    const want = { floors, after: 2000, upTo: 3200, maxEvents: 1000, maxBytes: 9_999_999 };
    expect((await fixture.brokers[0].slice(driver.feed, want, null)).publications).toBeNull();
  });

  describe('in a feed that begins a new epoch between two scripts', () => {
    type Script = (...args: unknown[]) => Promise<unknown>;
    /** Redis loses its end after the first call of a script. */
    const loseEndAfter = (name: string) => {
      const client = fixture.commands as unknown as Record<string, Script>;
      const script = (client[name] as Script).bind(client);
      const spy = jest.spyOn(client, name);
      spy.mockImplementationOnce(async (...args: unknown[]) => {
        const answer = await script(...args);
        const { epoch, offset } = await fixture.brokers[1].page(driver.feed, { caseId: 'a', after: null, limit: 1 });
        fixture.clock.advance(1);
        await fixture.brokers[1].history(driver.feed, [], { epoch, offset: offset + 1 });
        return answer;
      });
      spy.mockImplementation(script);
      return spy;
    };

    it('a history is not given', async () => {
      const spy = loseEndAfter('pollcast_history');
      const wants = TICKETS.map((caseId) => ({ caseId, atLeast: KEPT, after: null }));
      await expect(fixture.brokers[0].history(driver.feed, wants, null)).rejects.toThrow('a new epoch');
      spy.mockRestore();
    });

    it('a slice is not given, and names the new epoch', async () => {
      const before = (await fixture.brokers[0].page(driver.feed, { caseId: 'a', after: null, limit: 1 })).epoch;
      const spy = loseEndAfter('pollcast_slice');
      const floors = new Map(TICKETS.map((caseId) => [caseId, 0]));
      const want = { floors, after: 2000, upTo: 2600, maxEvents: 1000, maxBytes: 9_999_999 };
      const { epoch, publications } = await fixture.brokers[0].slice(driver.feed, want, null);
      expect([epoch > before, publications]).toEqual([true, null]);
      spy.mockRestore();
    });
  });

  it('a slice reads a few events more than it may have, and no more', async () => {
    const floors = new Map(TICKETS.map((caseId) => [caseId, 0]));
    const want = { floors, after: 0, upTo: 9999, maxEvents: 100, maxBytes: 999_999 };
    expect((await fixture.brokers[0].slice(driver.feed, want, null)).publications).toBeNull();
    expect(await largest()).toBeLessThanOrEqual(100 + 3 * AT_ONCE);
  });
});
