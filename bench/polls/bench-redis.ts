import { setTimeout as sleep } from 'node:timers/promises';

import { Redis } from 'ioredis';

import { RedisServer } from '../../test/harness/processes/redis-server.js';
import { MeasuredProcess } from '../support/measured-process.js';

/** A Redis without persistence, so that commands are measured and not the disk. */
export class BenchRedis {
  private readonly process: MeasuredProcess;
  readonly client: Redis;

  private constructor(private readonly server: RedisServer) {
    this.process = new MeasuredProcess(server.pid);
    this.client = new Redis(server.url, { maxRetriesPerRequest: null });
  }

  static async start(): Promise<BenchRedis> {
    return new BenchRedis(await RedisServer.start('--appendonly', 'no'));
  }

  get url(): string {
    return this.server.url;
  }

  /** CPU time so far, microseconds. */
  get cpuUs(): number {
    return this.process.cpuUs;
  }

  /** Round trips so far: calls of scripts and blocking reads, which only clients send. */
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
    await this.server.dispose();
  }
}
