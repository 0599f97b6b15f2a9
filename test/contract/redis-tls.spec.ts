import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';

import { connectQueue, connectRedis, redisFailureOf, type RedisClient, type RedisSettings } from '#redis';

import { OwnedProcess } from '../harness/processes/owned-process.js';
import { freePort, untilListening } from '../harness/processes/ports.js';
import { redisCommand, RedisServer } from '../harness/processes/redis-server.js';
import { until } from '../harness/until.js';

const WITHIN_MS = 15_000;
const SENTINEL_PASSWORD = 'password-of-the-sentinel';

/** Certificates that openssl makes, and a Redis that accepts clients with a certificate of the same authority only. */
describe('a Redis with TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pollcast-tls-'));
  const file = (name: string) => join(folder, name);
  const told: string[] = [];
  const clients: RedisClient[] = [];
  let server: RedisServer;
  let port: number;
  let sentinel: OwnedProcess | null = null;

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
    await sentinel?.kill();
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

  /** A sentinel that speaks TLS alone, wants a password, and names the port of the server for TLS. @returns its `REDIS_URL` */
  async function startSentinel(): Promise<string> {
    const { command, env } = redisCommand();
    const sentinelPort = await freePort();
    const lines = [
      ...['port 0', 'bind 127.0.0.1', `tls-port ${sentinelPort}`, 'tls-auth-clients yes', 'tls-replication yes'],
      `tls-cert-file ${file('server.pem')}`,
      `tls-key-file ${file('server.key')}`,
      `tls-ca-cert-file ${file('ca.pem')}`,
      `dir ${folder}`,
      `requirepass ${SENTINEL_PASSWORD}`,
      `sentinel monitor tickets 127.0.0.1 ${port} 1`,
    ];
    writeFileSync(file('sentinel.conf'), `${lines.join('\n')}\n`);
    sentinel = new OwnedProcess(command, [file('sentinel.conf'), '--sentinel'], { env });
    await untilListening(sentinelPort, 'the sentinel');
    return `rediss+sentinel://127.0.0.1:${sentinelPort}/tickets/0`;
  }

  it('is found through a sentinel with TLS and a password of its own, unless the authority is not known', async () => {
    told.splice(0);
    const redisUrl = await startSentinel();
    const behind = { ...whole(), redisUrl, redisSentinelPassword: SENTINEL_PASSWORD };
    expect(await keep(connectRedis(behind, 'impatient', onError)).ping()).toBe('PONG');
    const bull = keep(connectQueue(behind, onError));
    expect(await keep((bull as Redis).duplicate()).ping()).toBe('PONG');
    expect(told).toEqual([]);
    const distrustful = keep(connectRedis({ ...behind, redisTlsCaFile: '' }, 'impatient', onError));
    await until(() => told.length > 0, WITHIN_MS, 'an error of the connection');
    expect(told[0]).toMatch(/^unreachable: /);
    distrustful.disconnect();
    await until(() => distrustful.status === 'end', WITHIN_MS, 'the connection to end');
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
