import { EventEmitter } from 'node:events';

import type { RedisClient } from './connection.js';
import { DataLossWatch } from './data-loss-watch.js';
import { EvictionWatch } from './eviction-watch.js';
import { Keys } from './keys.js';
import { NeedsWatch, type NeedsWatchParts } from './needs-watch.js';
import { PingWatch } from './ping-watch.js';

/** Looks at Redis that are repeated. The tests move the time, and answer in place of Redis. */
describe('looks at Redis', () => {
  const errors: unknown[] = [];
  const onError = (error: unknown) => void errors.push(error);
  const broken = new Error('out of reach');
  const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);
  beforeEach(() => {
    jest.useFakeTimers();
    errors.length = 0;
  });
  afterEach(() => void jest.useRealTimers());

  describe('with pings', () => {
    const ping = jest.fn<Promise<string>, []>();
    const heard: (number | null)[] = [];
    let watch: PingWatch;
    beforeEach(() => {
      heard.length = 0;
      ping.mockReset().mockResolvedValue('PONG');
      watch = new PingWatch({ ping } as unknown as RedisClient);
      watch.watch((ms) => heard.push(ms));
    });
    afterEach(() => watch.stop());

    it('tell how long an answer took, now and every two seconds', async () => {
      await pass(0);
      expect(heard).toEqual([0]);
      ping.mockImplementationOnce(() => new Promise((resolve) => setTimeout(() => resolve('PONG'), 300)));
      await pass(2000);
      expect(heard).toHaveLength(1);
      await pass(300);
      expect(heard).toEqual([0, 300]);
      await pass(1999);
      expect(ping).toHaveBeenCalledTimes(2);
      await pass(1);
      expect(ping).toHaveBeenCalledTimes(3);
    });

    it('tell that there is no answer, and go on', async () => {
      ping.mockRejectedValueOnce(broken);
      await pass(4000);
      expect(heard).toEqual([0, null, 0]);
    });

    it('end, also while one is under way', async () => {
      await pass(0);
      watch.stop();
      expect(jest.getTimerCount()).toBe(0);
      let answer: (text: string) => void = () => undefined;
      ping.mockImplementationOnce(() => new Promise((resolve) => (answer = resolve)));
      const other = new PingWatch({ ping } as unknown as RedisClient);
      other.watch(() => undefined);
      other.stop();
      answer('PONG');
      await pass(10_000);
      expect([ping.mock.calls.length, jest.getTimerCount()]).toEqual([2, 0]);
    });
  });

  describe('for what a program needs', () => {
    const info = jest.fn<Promise<string>, [string]>();
    let watch: NeedsWatch;
    beforeEach(() => {
      info.mockReset().mockRejectedValue(broken);
      const commands = { info, defineCommand: () => undefined } as unknown as RedisClient;
      watch = new NeedsWatch({ commands, subscriber: commands, keys: new Keys('p'), hearsShards: false, onError });
      watch.watch();
    });
    afterEach(() => watch.stop());

    it('are made each second while it does not answer, and each failure is told', async () => {
      await pass(3000);
      expect([info.mock.calls.length, errors, watch.areMet]).toEqual([3, [broken, broken, broken], false]);
    });

    it('are made each two seconds while all is well, and try all commands each half a minute and after a failure', async () => {
      watch.stop();
      const subscriber = Object.assign(new EventEmitter(), { subscribe: async () => 1 });
      const tried: [number, boolean][] = [];
      const startedAt = Date.now();
      const tryCommands = async (...args: unknown[]) => {
        const { thorough, channel, token } = JSON.parse(String(args.at(-1))) as Record<string, unknown>;
        tried.push([Math.round((Date.now() - startedAt) / 1000), thorough === true]);
        subscriber.emit('message', channel, token);
        return [];
      };
      const well = {
        ...{ get: async () => '1', set: async () => 'OK', eval: async () => '1', evalsha: async () => '1' },
      };
      const commands = { info, defineCommand: () => undefined, pollcast_try: tryCommands, ...well };
      info.mockReset().mockResolvedValue('redis_version:7.2.0\r\nredis_mode:standalone\r\n');
      const parts = { commands, subscriber, keys: new Keys('p'), hearsShards: false, onError };
      watch = new NeedsWatch(parts as unknown as NeedsWatchParts);
      watch.watch();
      await pass(33_000);
      const [first, ...others] = tried;
      expect(first).toEqual([1, true]);
      expect(others.map(([at]) => at)).toEqual(Array.from({ length: 16 }, (_, at) => 3 + 2 * at));
      expect(others.filter(([, thorough]) => thorough)).toEqual([[31, true]]);
      info.mockRejectedValueOnce(broken);
      await pass(3000);
      expect([tried.at(-1), watch.areMet]).toEqual([[36, true], true]);
    });

    it('end, also while one is under way', async () => {
      let fail: (error: Error) => void = () => undefined;
      info.mockImplementationOnce(() => new Promise((_, reject) => (fail = reject)));
      await pass(1000);
      watch.stop();
      fail(broken);
      await pass(10_000);
      expect([info.mock.calls.length, jest.getTimerCount()]).toEqual([1, 0]);
    });
  });

  describe('for its policy of eviction', () => {
    const info = jest.fn<Promise<string>, [string]>();
    const heard: (string | null)[] = [];
    const saying = (policy: string) => `# Memory\r\nmaxmemory_policy:${policy}\r\n`;
    let watch: EvictionWatch;
    beforeEach(() => {
      heard.length = 0;
      info.mockReset().mockResolvedValue(saying('noeviction'));
      watch = new EvictionWatch({ info } as unknown as RedisClient, onError);
      watch.watch((policy) => heard.push(policy));
    });
    afterEach(() => watch.stop());

    it('see a change within half a minute, in either direction, and go on after a failure', async () => {
      await pass(0);
      info.mockResolvedValueOnce(saying('allkeys-lru')).mockRejectedValueOnce(broken);
      await pass(30_000);
      expect(heard).toEqual([null, 'allkeys-lru']);
      await pass(60_000);
      expect([heard, errors]).toEqual([[null, 'allkeys-lru', null], [broken]]);
    });

    it('end', async () => {
      await pass(0);
      watch.stop();
      await pass(60_000);
      expect([info.mock.calls.length, jest.getTimerCount()]).toEqual([1, 0]);
    });
  });

  describe('for its data', () => {
    const get = jest.fn<Promise<string | null>, [string]>();
    const set = jest.fn<Promise<string | null>, string[]>();
    const forgot = jest.fn<Promise<void>, []>();
    const keys = new Keys('p');
    let watch: DataLossWatch;
    let id: string | null;
    beforeEach(() => {
      id = null;
      get.mockReset().mockImplementation(async () => id);
      set.mockReset().mockImplementation(async (_, value = '') => ((id ??= value), 'OK'));
      forgot.mockReset().mockResolvedValue();
      watch = new DataLossWatch({ get, set } as unknown as RedisClient, keys, onError);
      watch.watch(forgot);
    });
    afterEach(() => watch.stop());

    it('give it a name where it has none, which nobody replaces, and tell a loss once', async () => {
      await pass(0);
      expect([id, set.mock.calls]).toEqual([expect.any(String), [[keys.dataId, id, 'NX']]]);
      await pass(2000);
      expect(forgot).not.toHaveBeenCalled();
      id = null;
      await pass(2000);
      expect([forgot.mock.calls.length, set.mock.calls.length]).toEqual([1, 2]);
      id = 'of another process that was first';
      await pass(2000);
      expect(forgot).toHaveBeenCalledTimes(2);
    });

    it('tell a loss again until somebody could do what it takes', async () => {
      await pass(0);
      id = 'another';
      forgot.mockRejectedValueOnce(broken).mockRejectedValueOnce(broken);
      await pass(2000);
      expect([forgot.mock.calls.length, errors]).toEqual([3, [broken, broken]]);
    });

    it('are no news where Redis does not answer, and then has what it had', async () => {
      await pass(0);
      get.mockRejectedValueOnce(broken);
      await pass(2000);
      expect([forgot.mock.calls, errors]).toEqual([[], [broken]]);
    });
  });
});
