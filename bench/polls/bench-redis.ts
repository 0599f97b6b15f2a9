import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Redis } from 'ioredis';

/** A Redis of the bench's own, without persistence: what is measured is commands, not disks. */
export class BenchRedis {
  private constructor(
    readonly url: string,
    readonly client: Redis,
    private readonly server: ChildProcess,
    private readonly folder: string,
  ) {}

  static async start(port: number): Promise<BenchRedis> {
    const folder = mkdtempSync(join(tmpdir(), 'pollcast-bench-'));
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no'];
    const libraries = process.env['REDIS_SERVER_LD'];
    const server = spawn(process.env['REDIS_SERVER_BIN'] ?? 'redis-server', args, {
      stdio: 'ignore',
      env: { ...process.env, ...(libraries ? { LD_LIBRARY_PATH: libraries } : {}) },
    });
    const url = `redis://127.0.0.1:${port}`;
    const client = new Redis(url, { retryStrategy: () => 50, maxRetriesPerRequest: null });
    client.on('error', () => undefined);
    await client.ping();
    return new BenchRedis(url, client, server, folder);
  }

  /** CPU time so far, microseconds, of the thread that runs commands. */
  async cpuUs(): Promise<number> {
    const info = await this.client.info('cpu');
    const of = (name: string) => Number(new RegExp(`${name}:([\\d.]+)`).exec(info)?.[1] ?? 0);
    return (of('used_cpu_user_main_thread') + of('used_cpu_sys_main_thread')) * 1e6;
  }

  /** Round trips so far: scripts called and blocking reads, which only clients send. */
  async roundTrips(): Promise<number> {
    const stats = await this.client.info('commandstats');
    const calls = (name: string) => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
    return calls('evalsha') + calls('eval') + calls('bzpopmin');
  }

  async clear(): Promise<void> {
    await this.client.flushall();
    await sleep(100);
  }

  async stop(): Promise<void> {
    this.client.disconnect();
    this.server.kill('SIGKILL');
    await sleep(50);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
