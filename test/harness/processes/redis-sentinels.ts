import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Redis } from 'ioredis';

import { until } from '../until.js';
import { OwnedProcess } from './owned-process.js';
import { freePort } from './ports.js';
import { REDIS_PASSWORD, RedisServer, redisCommand } from './redis-server.js';

export const SENTINEL_MASTER = 'tickets';
/** A master that does not answer for this long (ms) is replaced by its replica. */
const DOWN_AFTER_MS = 1000;
/** Longest time until all of them know each other and the replica, ms. */
const FORM_MS = 30_000;
/** Characters of the log of a sentinel that are kept for error texts. */
const KEPT = 4000;

/** A real master with a replica on 127.0.0.1, watched by sentinels. */
export class RedisSentinels {
  private readonly processes: OwnedProcess[] = [];
  private folder = '';

  private constructor(
    readonly servers: readonly [RedisServer, RedisServer],
    readonly ports: readonly number[],
  ) {}

  static async start(count = 3): Promise<RedisSentinels> {
    const master = await RedisServer.start();
    const replica = await RedisServer.start(
      '--replicaof',
      '127.0.0.1',
      String(master.port),
      '--repl-diskless-sync-delay',
      '0',
    );
    const ports = await Promise.all(Array.from({ length: count }, freePort));
    const sentinels = new RedisSentinels([master, replica], ports);
    try {
      await sentinels.form();
    } catch (error) {
      await sentinels.dispose();
      throw error;
    }
    return sentinels;
  }

  /** `REDIS_URL`, for a user with the rights that OPERATIONS.md names. */
  get limitedUrl(): string {
    const hosts = this.ports.map((port) => `127.0.0.1:${port}`).join();
    return `redis+sentinel://pollcast:${REDIS_PASSWORD}@${hosts}/${SENTINEL_MASTER}/0`;
  }

  /** The server that most of the sentinels name. */
  async master(): Promise<RedisServer> {
    const ports = await Promise.all(this.ports.map(async (port) => (await facts(port)).port));
    const votes = this.servers.map((server) => ports.filter((port) => port === server.port).length);
    return (votes[1] ?? 0) > (votes[0] ?? 0) ? this.servers[1] : this.servers[0];
  }

  async dispose(): Promise<void> {
    await Promise.all([...this.processes, ...this.servers].map((each) => each.kill()));
    await Promise.all(this.servers.map((server) => server.dispose()));
    await rm(this.folder, { recursive: true, force: true });
  }

  private async form(): Promise<void> {
    this.folder = await mkdtemp(join(tmpdir(), 'pollcast-sentinels-'));
    const [{ port: masterPort }] = this.servers;
    const { command, env } = redisCommand();
    for (const port of this.ports) {
      const file = join(this.folder, `${port}.conf`);
      const quorum = Math.floor(this.ports.length / 2) + 1;
      const lines = [
        `port ${port}`,
        'bind 127.0.0.1',
        `dir ${this.folder}`,
        `sentinel monitor ${SENTINEL_MASTER} 127.0.0.1 ${masterPort} ${quorum}`,
        `sentinel down-after-milliseconds ${SENTINEL_MASTER} ${DOWN_AFTER_MS}`,
        `sentinel failover-timeout ${SENTINEL_MASTER} 6000`,
      ];
      await writeFile(file, `${lines.join('\n')}\n`);
      this.processes.push(new OwnedProcess(command, [file, '--sentinel'], { env, keep: KEPT }));
    }
    await until(
      async () => {
        const known = await Promise.all(this.ports.map((port) => facts(port).catch(() => null)));
        return known.every((each) => each?.others === this.ports.length - 1 && each.replicas === 1);
      },
      FORM_MS,
      () =>
        `the sentinels to know each other\n${this.processes.map(({ stdout, stderr }) => stdout + stderr).join('\n')}`,
    );
  }
}

/** What a sentinel says of the master. */
async function facts(port: number): Promise<{ port: number; others: number; replicas: number }> {
  const sentinel = new Redis(port, '127.0.0.1', { retryStrategy: null, enableReadyCheck: false, lazyConnect: true });
  sentinel.on('error', () => undefined);
  try {
    const row = (await sentinel.call('SENTINEL', 'MASTER', SENTINEL_MASTER)) as string[] | Record<string, string>;
    const fields = Array.isArray(row)
      ? new Map(row.flatMap((name, at) => (at % 2 === 0 ? [[name, row[at + 1] ?? ''] as const] : [])))
      : new Map(Object.entries(row));
    const number = (name: string) => Number(fields.get(name) ?? 0);
    return { port: number('port'), others: number('num-other-sentinels'), replicas: number('num-slaves') };
  } finally {
    sentinel.disconnect();
  }
}
