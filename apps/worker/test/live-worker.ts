import { createHash, randomUUID } from 'node:crypto';

import { PollCycle, type Clock, type FeedKey, type SetRef, type Upstream } from '#core';
import { createRegistry, PrometheusPollTelemetry } from '#ops';
import {
  BullPollQueue,
  connectRedis,
  FeedLook,
  FeedVisits,
  LostJobs,
  RedisUpstreamLiveness,
  RedisInterestRegistry,
  RedisQuota,
  RedisSetStore,
  WakeChannel,
  WorkerPresence,
  type Keys,
  type Patience,
  type RedisClient,
} from '#redis';

import { FairShare } from '../src/fair-share.js';
import { PollProcessor } from '../src/poll-processor.js';
import { PollSlots } from '../src/poll-slots.js';
import { PollWorker } from '../src/poll-worker.js';
import { QueueWatch } from '../src/queue-watch.js';
import { Reconciler } from '../src/reconciler.js';

/** What all workers of a test share. */
export interface LiveWorkerParts {
  readonly redisUrl: string;
  readonly keys: Keys;
  readonly clock: Clock;
  readonly upstream: Upstream;
  readonly bounds: {
    readonly historyMaxEvents: number;
    readonly historyTtlS: number;
    readonly upstreamMaxCaseIds: number;
    readonly pollIntervalMs: number;
  };
  readonly onError: (error: unknown) => void;
  /** `UPSTREAM_MAX_RPS`; 0 unless given. */
  readonly maxRps?: number;
  /** `WORKER_CONCURRENCY`; 200 unless given. */
  readonly concurrency?: number;
}

/** Duration of a set lease as in the worker's module, ms. */
const LEASE_MS = 6000;
const SEND_WITHIN_MS = 500;
const OVERLAP_MS = 2000;

/** A worker without its upstream, its clock and its health checks. It polls real sets in a real Redis. */
export class LiveWorker {
  private readonly reconciler: Reconciler;
  private readonly visits: FeedVisits;
  private readonly watch: QueueWatch;
  /** Jobs that were lost and made again. */
  lostJobs = 0;
  private stopping: Promise<void> | undefined;

  private constructor(
    readonly registry: RedisInterestRegistry,
    readonly queue: BullPollQueue,
    private readonly parts: LiveWorkerParts,
    private readonly worker: PollWorker,
    private readonly telemetry: PrometheusPollTelemetry,
    /** That for commands is the first. */
    private readonly connections: readonly [RedisClient, ...RedisClient[]],
  ) {
    const { keys, clock } = parts;
    this.visits = new FeedVisits(connections[0], keys);
    this.watch = new QueueWatch({ queue, visits: this.visits, clock });
    this.reconciler = this.makeReconciler();
  }

  static async start(parts: LiveWorkerParts): Promise<LiveWorker> {
    const { keys, clock, upstream, bounds, onError } = parts;
    const connect = (patience: Patience) =>
      connectRedis({ redisUrl: parts.redisUrl, redisPrefix: '' }, patience, onError);
    const [commands, bull, subscriber] = [connect('impatient'), connect('patient'), connect('patient')];
    const quota = new RedisQuota(commands, keys, parts.maxRps ?? 0);
    const liveness = new RedisUpstreamLiveness(commands, keys, onError);
    const telemetry = new PrometheusPollTelemetry(createRegistry('worker'));
    const digest = (text: string) => createHash('sha256').update(text).digest('base64url').slice(0, 22);
    const owner = randomUUID();
    const store = new RedisSetStore(commands, keys, bounds);
    const cycle = new PollCycle(
      { store, upstream, quota, liveness, clock, digest, telemetry, random: Math.random },
      {
        intervalMs: bounds.pollIntervalMs,
        intervalMaxMs: bounds.pollIntervalMs,
        overlapMs: OVERLAP_MS,
        lease: { owner, leaseMs: LEASE_MS, sendWithinMs: SEND_WITHIN_MS },
      },
    );
    const processor = new PollProcessor(cycle, clock, new PollSlots(parts.concurrency ?? 200), onError);
    const queue = new BullPollQueue(bull, keys, clock, onError);
    const wake = new WakeChannel(commands, keys);
    const announce = () => wake.tellWorkersChanged();
    const presence = new WorkerPresence(commands, keys, owner);
    const share = new FairShare({ presence, queue, processor, clock: { now: () => Date.now() }, announce, onError });
    const changed = (ref: SetRef) => processor.changed(ref);
    await wake.listen(subscriber, { changed, onWorkersChanged: () => share.update() });
    await quota.listen(subscriber);
    const worker = new PollWorker(bull, keys, processor, share, onError);
    worker.start();
    await announce();
    const registry = new RedisInterestRegistry(commands, keys, bounds);
    return new LiveWorker(registry, queue, parts, worker, telemetry, [commands, bull, subscriber]);
  }

  /** Starts the reconciler: a round each second, until the worker stops. */
  reconcile(): void {
    this.reconciler.start();
  }

  /** One round of a reconciler. */
  async round(): Promise<void> {
    const reconciler = this.makeReconciler();
    reconciler.start();
    await reconciler.stop();
  }

  /** Wakes sets that are due because a test moved the time: jobs are delayed by the system clock. */
  async wakeDue(feeds: readonly FeedKey[]): Promise<void> {
    for (const feed of feeds) {
      const now = this.parts.clock.now();
      await this.queue.wake((await this.registry.overdue(feed, now)).map((ref) => ({ ref, at: now })));
    }
  }

  /** Called again, it does nothing: ioredis waits two seconds for a connection that is closed already. */
  stop(): Promise<void> {
    return (this.stopping ??= this.end());
  }

  private async end(): Promise<void> {
    await this.reconciler.stop();
    await this.worker.stop();
    await this.queue.close();
    this.connections.forEach((connection) => connection.disconnect());
  }

  private makeReconciler(): Reconciler {
    const { registry, queue, telemetry, visits, watch } = this;
    const { clock, keys, bounds, onError } = this.parts;
    const [commands] = this.connections;
    const jobs = new LostJobs(commands, keys, queue);
    const onLostJobs = (count: number) => void (this.lostJobs += count);
    const look = new FeedLook(commands, keys, bounds);
    return new Reconciler({ visits, look, registry, watch, jobs, clock, telemetry, onLostJobs, onError });
  }
}
