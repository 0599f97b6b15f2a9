import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';

import { UPSTREAM_TOKEN } from '../harness/log-faults.js';
import { NetworkLink } from '../harness/network-link.js';
import { Program, type Settings } from '../harness/processes/program.js';
import { RedisServer } from '../harness/processes/redis-server.js';
import { SimulatorControl } from '../harness/upstream/simulator-control.js';
import { JWT_SECRET } from '../harness/clients/tokens.js';
import { until } from '../harness/until.js';

/** Short times, so that a minute has many polls. */
export const PACE = { intervalMs: 300, upstreamTimeoutMs: 1500 } as const;

/**
 * `HISTORY_MAX_EVENTS`: more than is posted to a ticket in one conversation. So a client that begins anew gets all of it, and
 * only the ticket that is read as a whole has more.
 */
export const HISTORY_MAX = 1500;

const SETTINGS: Settings = {
  LOG_LEVEL: 'warn',
  POLL_INTERVAL_MS: String(PACE.intervalMs),
  POLL_INTERVAL_MAX_MS: String(PACE.intervalMs),
  UPSTREAM_TIMEOUT_MS: String(PACE.upstreamTimeoutMs),
  UPSTREAM_MAX_CASE_IDS: '4',
  SUBSCRIPTION_LINGER_MS: '9000',
  HISTORY_MAX_EVENTS: String(HISTORY_MAX),
  DRAIN_MS: '1000',
  AUTH_JWT_SECRET: JWT_SECRET,
  MAX_CONNECTIONS_PER_SUBJECT: '1000',
  MAX_UNKNOWN_CASES_PER_SUBJECT: '1000000',
  SLOW_CONSUMER_MAX_BYTES: '65536',
  UPSTREAM_TOKEN,
  NODE_OPTIONS: `--require ${join(__dirname, 'clock-jump.cjs')}`,
};

const REDIS_OPTIONS = ['--appendonly', 'yes', '--repl-diskless-sync-delay', '0'];
/** Longest synchronisation of a replica, ms. */
const SYNC_MS = 15_000;

const GATEWAYS = 2;
const WORKERS = 3;

/** A process with its own link to Redis. */
export interface Linked {
  readonly program: Program;
  readonly link: NetworkLink;
}

/** The deployment under test: two gateways, three workers, a Redis with an append-only file, the simulator. */
export class ChaosDeployment {
  private constructor(
    /** The primary. */
    public redis: RedisServer,
    /** A connection of the operator. */
    readonly operator: Redis,
    private readonly operatorLink: NetworkLink,
    readonly simulator: Program,
    readonly upstream: SimulatorControl,
    readonly workers: readonly Linked[],
    readonly gateways: readonly Linked[],
  ) {}

  static async start(): Promise<ChaosDeployment> {
    const redis = await RedisServer.start(...REDIS_OPTIONS);
    const operatorLink = await NetworkLink.to(redis.port);
    const operator = connect(redisUrl(operatorLink));
    const simulator = await Program.create('simulator', 'simulator', {
      SIMULATOR_TOKEN: UPSTREAM_TOKEN,
      LOG_LEVEL: 'warn',
    });
    const linked = (app: 'gateway' | 'worker', count: number) =>
      Promise.all(
        Array.from({ length: count }, async (_, index): Promise<Linked> => {
          const link = await NetworkLink.to(redis.port);
          const settings = { ...SETTINGS, REDIS_URL: redisUrl(link), UPSTREAM_BASE_URL: simulator.url };
          return { program: await Program.create(app, `${app} ${index}`, settings), link };
        }),
      );
    const upstream = new SimulatorControl(simulator.url);
    const [workers, gateways] = [await linked('worker', WORKERS), await linked('gateway', GATEWAYS)];
    const deployment = new ChaosDeployment(redis, operator, operatorLink, simulator, upstream, workers, gateways);
    try {
      await Promise.all(deployment.programs.map((program) => program.start()));
    } catch (error) {
      await deployment.dispose();
      throw error;
    }
    return deployment;
  }

  get programs(): readonly Program[] {
    return [this.simulator, ...[...this.workers, ...this.gateways].map(({ program }) => program)];
  }

  /** Starts all processes again that a fault has ended. */
  async restore(): Promise<void> {
    await Promise.all(this.programs.filter((program) => !program.isRunning).map((program) => program.start()));
  }

  /** Restarts Redis with an older copy of its file: later writes are lost, as after a loss of power. */
  async rollBack(afterMs: number): Promise<void> {
    const [now, then] = ['appendonlydir', 'appendonlydir.then'].map((name) => join(this.redis.folder, name));
    if (now === undefined || then === undefined) return;
    await rm(then, { recursive: true, force: true });
    await cp(now, then, { recursive: true });
    await sleep(afterMs);
    await this.redis.kill();
    await rm(now, { recursive: true, force: true });
    await cp(then, now, { recursive: true });
    await this.redis.up();
  }

  /**
   * Replaces Redis by a replica under the same addresses.
   *
   * @param how `handover`: the primary waits until the replica has all data. `crash`: the primary is killed, and the data
   *   that it has not sent yet is lost
   */
  async failOver(how: 'handover' | 'crash'): Promise<void> {
    const [old, next] = [this.redis, await RedisServer.start(...REDIS_OPTIONS)];
    const replica = connect(next.url);
    const says = (redis: Redis, fact: string) => async () => (await redis.info('replication')).includes(fact);
    try {
      await replica.replicaof('127.0.0.1', old.port);
      await until(says(this.operator, 'state=online'), SYNC_MS, 'a replica to have all of Redis');
      if (how === 'handover') {
        await this.operator.call('FAILOVER', 'TO', '127.0.0.1', next.port);
        await until(says(replica, 'role:master'), SYNC_MS, 'a replica to take over');
      } else {
        await old.kill();
        await replica.replicaof('NO', 'ONE');
      }
    } finally {
      replica.disconnect();
    }
    this.redis = next;
    this.links.forEach((link) => link.lead(next.port));
    await old.dispose();
  }

  async dispose(): Promise<void> {
    this.operator.disconnect();
    await Promise.all(this.programs.map((program) => program.kill()));
    await Promise.all(this.links.map((link) => link.dispose()));
    await this.redis.dispose();
  }

  private get links(): readonly NetworkLink[] {
    return [this.operatorLink, ...[...this.workers, ...this.gateways].map(({ link }) => link)];
  }
}

const redisUrl = ({ port }: NetworkLink) => `redis://127.0.0.1:${port}`;

function connect(url: string): Redis {
  const redis = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 100 });
  redis.on('error', () => undefined); // The run restarts Redis, so errors are expected.
  return redis;
}
