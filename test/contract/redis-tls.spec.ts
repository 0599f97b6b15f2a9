import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';

import { connectQueue, connectRedis, redisFailureOf, type RedisClient, type RedisSettings } from '#redis';

import { freePort } from '../harness/processes/ports.js';
import { RedisServer } from '../harness/processes/redis-server.js';
import { until } from '../harness/until.js';

const WITHIN_MS = 15_000;

/** Certificates that openssl makes, and a Redis that accepts clients with a certificate of the same authority only. */
describe('a Redis with TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pollcast-tls-'));
  const file = (name: string) => join(folder, name);
  const told: string[] = [];
  const clients: RedisClient[] = [];
  let server: RedisServer;
  let port: number;

  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' });
  function issue(name: string): void {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const by = [
      '-CA',
      file('ca.pem'),
      '-CAkey',
      file('ca.key'),
      '-days',
      '2',
      '-addext',
      'subjectAltName=IP:127.0.0.1',
    ];
    openssl(
      'req',
      '-x509',
      ...key,
      '-keyout',
      file(`${name}.key`),
      '-out',
      file(`${name}.pem`),
      '-subj',
      '/CN=x',
      ...by,
    );
  }

  beforeAll(async () => {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    openssl('req', '-x509', ...key, '-keyout', file('ca.key'), '-out', file('ca.pem'), '-subj', '/CN=ca', '-days', '2');
    issue('server');
    issue('client');
    port = await freePort();
    const tls = [
      '--tls-port',
      String(port),
      '--tls-cert-file',
      file('server.pem'),
      '--tls-key-file',
      file('server.key'),
    ];
    server = await RedisServer.start(...tls, '--tls-ca-cert-file', file('ca.pem'), '--tls-auth-clients', 'yes');
  });
  afterAll(async () => {
    clients.forEach((client) => client.disconnect());
    await server?.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  function settings(files: Partial<RedisSettings>): RedisSettings {
    return { redisUrl: `rediss://127.0.0.1:${port}`, redisPrefix: 'pollcast', ...files };
  }
  const whole = () =>
    settings({
      redisTlsCaFile: file('ca.pem'),
      redisTlsCertFile: file('client.pem'),
      redisTlsKeyFile: file('client.key'),
    });
  function keep<T extends RedisClient>(client: T): T {
    clients.push(client);
    return client;
  }
  const onError = (error: Error) => void told.push(`${redisFailureOf(error)?.kind}: ${error.message}`);

  it('is reached with the authority and a certificate, by commands and by the queue with its duplicates', async () => {
    const commands = keep(connectRedis(whole(), 'impatient', onError));
    expect(await commands.ping()).toBe('PONG');
    const bull = keep(connectQueue(whole(), onError));
    const queue = new Queue('tls', { connection: bull, prefix: '{pollcast}' });
    await queue.add('poll', {}, { delay: 60_000 });
    expect(await queue.getDelayedCount()).toBe(1);
    await queue.close();
    expect(await keep((bull as Redis).duplicate()).ping()).toBe('PONG');
    expect(told).toEqual([]);
  });

  it.each([
    ['its authority is not known', false],
    ['the client shows no certificate', true],
  ])('is out of reach where %s, and that is told', async (_, isKnown) => {
    told.splice(0);
    const shown = settings(isKnown ? { redisTlsCaFile: file('ca.pem') } : {});
    const client = connectRedis(shown, 'impatient', onError, { retryStrategy: () => null });
    await until(() => told.length > 0, WITHIN_MS, 'an error of the connection');
    await until(() => client.status === 'end', WITHIN_MS, 'the connection to end');
    expect(told[0]).toMatch(/^unreachable: /);
  });
});
