import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';

import type { JsonText, MessageIdentity, OlderOutcome } from '#core';
import { Keys, OlderParts } from '#redis';
import { ManualClock } from '#testing';

import { RedisServer } from '../harness/processes/redis-server.js';

const FIVE_MINUTES_MS = 300_000;
const ALL_MAX_BYTES = 33_554_432;
/** Keeps a part as keep-older.lua does, without sending its bytes. */
const KEPT_THERE = `
  redis.call('HSET', KEYS[1], ARGV[1], string.rep('x', tonumber(ARGV[2])))
  redis.call('HINCRBY', KEYS[1], '#', ARGV[2])
  return redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1] .. ' ' .. ARGV[2])
`;

/** What the upstream was asked for beyond history, as all gateways and workers share it. */
describe('older parts in Redis', () => {
  let server: RedisServer;
  let client: Redis;
  let keys: Keys;
  let clock: ManualClock;
  let parts: OlderParts;

  beforeAll(async () => {
    server = await RedisServer.start();
    client = new Redis(server.url);
  });
  afterAll(async () => {
    client.disconnect();
    await server.dispose();
  });
  beforeEach(() => {
    keys = new Keys(`test-${randomUUID()}`);
    clock = new ManualClock();
    parts = new OlderParts(client, keys, clock);
  });

  const partOf = (text: string): OlderOutcome => ({
    kind: 'part',
    part: {
      answeredAt: 5,
      messages: [
        {
          identity: 'i.1' as MessageIdentity,
          class: null,
          message: text as JsonText,
          sentAt: null,
          second: 4,
          type: 0,
        },
      ],
      next: null,
      cut: null,
    },
  });
  const failed = (retryMs: number): OlderOutcome => ({ kind: 'failed', code: 'unavailable', retryMs });
  const found = async (...names: string[]) =>
    (await Promise.all(names.map((name) => parts.find(name)))).map((outcome) => outcome?.kind ?? null);
  /** The bytes of all parts: as they are counted, and as they are. */
  async function bytes(): Promise<[number, number]> {
    const key = keys.older[1];
    const names = (await client.hkeys(key)).filter((name) => name !== '#');
    const lengths = await Promise.all(names.map((name) => client.hstrlen(key, name)));
    return [Number(await client.hget(key, '#')), lengths.reduce((sum, length) => sum + length, 0)];
  }

  it('are found by everybody for five minutes, and no longer', async () => {
    await parts.keep('a', partOf('"a"'));
    expect(await new OlderParts(client, keys, clock).find('a')).toEqual(partOf('"a"'));
    clock.advance(FIVE_MINUTES_MS - 1);
    expect(await found('a', 'b')).toEqual(['part', null]);
    clock.advance(1);
    expect(await found('a')).toEqual([null]);
  });

  it.each([
    [1500, 1500],
    [5000, 5000],
    [60_000, 5000],
  ])(
    'are not there for a failure: it is shared until the next attempt, for five seconds at most (%d ms)',
    async (retryMs, kept) => {
      await parts.keep('a', failed(retryMs));
      clock.advance(kept - 1);
      expect(await parts.find('a')).toEqual(failed(retryMs));
      clock.advance(1);
      expect(await parts.find('a')).toBeNull();
    },
  );

  it('end in Redis five minutes after the last of them', async () => {
    await parts.keep('a', partOf('"a"'));
    await client.pexpire(keys.older[1], 1000);
    await client.pexpire(keys.older[2], 1000);
    await parts.keep('b', partOf('"b"'));
    for (const key of keys.older.slice(1)) {
      const ms = await client.pttl(key);
      expect(ms).toBeGreaterThan(FIVE_MINUTES_MS - 60_000);
      expect(ms).toBeLessThanOrEqual(FIVE_MINUTES_MS);
    }
  });

  it('are replaced by newer ones of their name, and their bytes are counted once', async () => {
    await parts.keep('a', partOf(`"${'ü'.repeat(1000)}"`));
    await parts.keep('b', partOf('"b"'));
    clock.advance(1000);
    await parts.keep('a', partOf('"a"'));
    expect(await parts.find('a')).toEqual(partOf('"a"'));
    const [counted, are] = await bytes();
    expect(counted).toBe(are);
    expect(are).toBeLessThan(600);
    expect(await client.zcard(keys.older[2])).toBe(2);
  });

  it('leave Redis when they are five minutes old and another one comes', async () => {
    await parts.keep('a', partOf('"a"'));
    clock.advance(1);
    await parts.keep('b', partOf('"b"'));
    clock.advance(FIVE_MINUTES_MS - 1);
    await parts.keep('c', partOf('"c"'));
    expect((await client.hkeys(keys.older[1])).sort()).toEqual(['#', 'b', 'c']);
    const [counted, are] = await bytes();
    expect(counted).toBe(are);
  });

  it('are no more than 32 MiB: the oldest ones leave, and no more of them than have to', async () => {
    const names = [...'abcdefgh'];
    for (const name of names) {
      await client.eval(KEPT_THERE, 2, ...keys.older.slice(1), name, 4_000_000, clock.now());
      clock.advance(1);
    }
    await parts.keep('new', partOf(`"${'x'.repeat(3_000_000)}"`));
    expect((await client.hkeys(keys.older[1])).sort()).toEqual(['#', ...names.slice(1), 'new']);
    await parts.keep('newer', partOf(`"${'x'.repeat(3_000_000)}"`));
    expect((await client.hkeys(keys.older[1])).sort()).toEqual(['#', ...names.slice(2), 'new', 'newer']);
    const [counted, are] = await bytes();
    expect(counted).toBe(are);
    expect(are).toBeLessThanOrEqual(ALL_MAX_BYTES);
  });

  it('are not kept where one is longer than 4 MiB: those who asked are told that it is malformed', async () => {
    await parts.keep('a', partOf(`"${'ü'.repeat(2_100_000)}"`));
    expect(await parts.find('a')).toEqual({ kind: 'failed', code: 'malformed', retryMs: 5000 });
  });

  it('begin anew where the list of their ages was lost and there is no room', async () => {
    await parts.keep('a', partOf('"a"'));
    await client.del(keys.older[2]);
    await client.hset(keys.older[1], '#', ALL_MAX_BYTES);
    await parts.keep('b', partOf('"b"'));
    expect(await found('a', 'b')).toEqual([null, 'part']);
    const [counted, are] = await bytes();
    expect(counted).toBe(are);
  });
});
