import { randomUUID } from 'node:crypto';

import type { CredentialKind } from '#core';
import { connectRedis, Keys, RedisCredentialAttempts, type RedisClient } from '#redis';
import { describeCredentialAttempts } from '#testing';

import { RedisServer } from '../harness/processes/redis-server.js';

describe('Redis', () => {
  let server: RedisServer;
  let clients: RedisClient[];

  beforeAll(async () => {
    server = await RedisServer.start();
    const onError = (error: unknown) => {
      throw error;
    };
    clients = [0, 1].map(() => connectRedis({ redisUrl: server.url, redisPrefix: '' }, 'impatient', onError));
  });
  afterAll(async () => {
    await Promise.all(clients.map((client) => client.quit()));
    await server.dispose();
  });

  const made = (keys: Keys, kind: CredentialKind) =>
    clients.map((client) => new RedisCredentialAttempts(client, keys, kind));

  describeCredentialAttempts('Redis', async (kind) => {
    const [one, other] = made(new Keys(`test-${randomUUID()}`), kind);
    return [one, other] as [RedisCredentialAttempts, RedisCredentialAttempts];
  });

  it('keeps attempts for no longer than they count', async () => {
    const keys = new Keys(`test-${randomUUID()}`);
    const [attempts] = made(keys, 'login');
    const now = Date.now();
    for (const outcome of ['refused', 'none'] as const) {
      const permit = await attempts?.begin('digest', now, 5000);
      if (permit?.kind === 'granted' && outcome !== 'none') {
        await attempts?.end('digest', permit.attempt, outcome, now);
      }
    }
    const lives = await Promise.all(keys.attempts('login').map(async (key) => clients[0]?.pttl(key)));
    expect(lives[0]).toBeGreaterThan(890_000);
    expect(lives[0]).toBeLessThanOrEqual(900_000);
    expect(lives[1]).toBeGreaterThan(0);
    expect(lives[1]).toBeLessThanOrEqual(5000);
  });
});
