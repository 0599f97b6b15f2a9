import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Redis } from 'ioredis';

import { freePort, pause, untilOpen } from '../support/port.js';
import { BenchProcess } from '../support/process.js';

/** A Redis of the bench's own, without persistence: what is measured is commands, not disks. */
export class BenchRedis {
  private constructor(
    readonly url: string,
    readonly client: Redis,
    private readonly server: BenchProcess,
    private readonly folder: string,
  ) {}

  static async start(): Promise<BenchRedis> {
    const folder = mkdtempSync(join(tmpdir(), 'pollcast-bench-'));
    const port = await freePort();
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no'];
    const libraries = process.env['REDIS_SERVER_LD'];
    const server = BenchProcess.command(process.env['REDIS_SERVER_BIN'] ?? 'redis-server', args, {
      ...(libraries ? { LD_LIBRARY_PATH: libraries } : {}),
    });
    await untilOpen(port, 'redis-server');
    const url = `redis://127.0.0.1:${port}`;
    return new BenchRedis(url, new Redis(url, { maxRetriesPerRequest: null }), server, folder);
  }

  /** CPU time so far, microseconds. */
  get cpuUs(): number {
    return this.server.cpuUs;
  }

  /** Round trips so far: scripts called and blocking reads, which only clients send. */
  async roundTrips(): Promise<number> {
    const stats = await this.client.info('commandstats');
    const calls = (name: string) => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
    return calls('evalsha') + calls('eval') + calls('bzpopmin');
  }

  async clear(): Promise<void> {
    await this.client.flushall();
    await pause(100);
  }

  async stop(): Promise<void> {
    this.client.disconnect();
    await this.server.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
