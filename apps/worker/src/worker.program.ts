import { setTimeout as delay } from 'node:timers/promises';

import type { Logger } from 'pino';

import {
  logFatal,
  reportStart,
  untilItWorks,
  type HealthState,
  type OnFailure,
  type RedisReport,
  type Tracing,
  type UpstreamReport,
  type WorkerSettings,
} from '#ops';
import type {
  BullPollQueue,
  EvictionWatch,
  NeedsWatch,
  RedisClient,
  RedisClock,
  OverviewWatch,
  PingWatch,
  ServerIdentity,
} from '#redis';

import type { LoginGate } from './login-gate.js';
import type { OlderWorker } from './older-worker.js';
import type { OpsServer } from './ops.server.js';
import type { PollWorker } from './poll-worker.js';
import type { Reconciler } from './reconciler.js';
import type { UnreadRounds } from './unread-rounds.js';

export interface WorkerParts {
  readonly settings: WorkerSettings;
  readonly logger: Logger;
  readonly clock: RedisClock;
  readonly worker: PollWorker;
  readonly older: Pick<OlderWorker, 'start' | 'stop'>;
  readonly unread: Pick<UnreadRounds, 'start' | 'stop'>;
  readonly gate: LoginGate;
  readonly queue: BullPollQueue;
  /** What fails while the worker waits for Redis. */
  readonly onWait: OnFailure;
  readonly redis: RedisReport;
  readonly overview: OverviewWatch;
  readonly watchOverview: () => void;
  readonly pings: PingWatch;
  readonly watchPings: () => void;
  readonly needs: NeedsWatch;
  /** Asks Redis what it is. */
  readonly redisServer: () => Promise<ServerIdentity>;
  readonly upstreamReport: UpstreamReport;
  /** Each subscribes to a channel. Called again if it fails. */
  readonly subscriptions: readonly (() => Promise<void>)[];
  /** Tells the other workers that this one is ready for its share of the sets. */
  readonly announce: () => Promise<void>;
  readonly reconciler: Reconciler;
  readonly evictions: EvictionWatch;
  /** Hears at each look which policy lets Redis evict keys; null: none. */
  readonly watchEviction: (policy: string | null) => void;
  readonly health: HealthState;
  readonly ops: OpsServer;
  readonly connections: readonly RedisClient[];
  readonly tracing: Pick<Tracing, 'stop'> | null;
}

/** How long a stopping worker waits for its polls and for Redis, ms. A worker also ends while Redis is out of reach. */
const FINISH_MS = 10_000;

/** Starts and stops a worker's parts in the right order. */
export class WorkerProgram {
  private stopping: Promise<void> | null = null;
  private isPolling = false;

  constructor(private readonly parts: WorkerParts) {}

  /**
   * Listens first, so that operators can see a worker that waits for Redis. It takes no further step after {@link
   * stop}.
   *
   * @throws if the port is taken
   */
  async start(): Promise<void> {
    const { settings, logger, clock, subscriptions, gate, announce, reconciler, ops } = this.parts;
    const { evictions, watchEviction } = this.parts;
    const steps: readonly (() => void | Promise<void>)[] = [
      () => reportStart(logger, 'worker', settings),
      () => ops.listen(settings.port, settings.host),
      () => logger.info({ port: settings.port }, 'worker listening'),
      () => this.parts.watchPings(),
      () => this.untilRedisAnswers(() => this.parts.needs.check()),
      () => this.parts.needs.watch(),
      () => this.untilRedisAnswers(() => clock.start()),
      () => this.tellRedis(),
      () => evictions.watch(watchEviction),
      () => this.parts.watchOverview(),
      ...subscriptions.map((subscribe) => () => this.untilRedisAnswers(subscribe)),
      () => gate.check(),
      () => this.poll(),
      () => (gate.isOpen ? this.untilRedisAnswers(announce) : undefined),
      () => reconciler.start(),
      () => logger.info(gate.isOpen ? 'worker polling' : 'worker waiting for its login'),
    ];
    for (const step of steps) {
      if (this.stopping === null) {
        await step();
      }
    }
  }

  /** Finishes the polls that run, leaves the others to other workers, and closes all connections. */
  stop(): Promise<void> {
    this.stopping ??= this.stopOnce();
    return this.stopping;
  }

  fatal(error: unknown): void {
    logFatal(this.parts.logger, error);
  }

  private async tellRedis(): Promise<void> {
    try {
      this.parts.logger.info({ ...(await this.parts.redisServer()) }, 'Redis answers');
    } catch (error) {
      this.parts.onWait(error); // It polls nevertheless.
    }
  }

  private poll(): void {
    this.isPolling = true;
    this.parts.worker.start();
    this.parts.older.start();
    this.parts.unread.start();
  }

  private async stopOnce(): Promise<void> {
    const { logger, clock, evictions, gate, health, ops, redis, connections } = this.parts;
    logger.info('worker stopping');
    health.drain();
    gate.stop();
    if (this.isPolling) {
      // Other workers take the sets whose polls have not ended by then, when their leases have ended.
      await Promise.race([this.finish(), delay(FINISH_MS, undefined, { ref: false })]);
    }
    redis.stop();
    this.parts.overview.stop();
    this.parts.pings.stop();
    this.parts.needs.stop();
    this.parts.upstreamReport.stop();
    clock.stop();
    evictions.stop();
    connections.forEach((connection) => connection.disconnect());
    await ops.close();
    await this.parts.tracing?.stop();
    logger.info('worker stopped');
  }

  private async finish(): Promise<void> {
    const { reconciler, worker, older, unread, queue } = this.parts;
    await reconciler.stop();
    await Promise.all([worker.stop(), older.stop(), unread.stop()]);
    await queue.close();
  }

  private async untilRedisAnswers(attempt: () => Promise<void>): Promise<void> {
    await untilItWorks(attempt, () => this.stopping !== null, this.parts.onWait);
  }
}
