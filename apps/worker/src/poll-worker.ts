import { POLL_QUEUE, type Keys, type PollJob, type RedisClient } from '#redis';
import { Worker } from 'bullmq';

import type { PollProcessor } from './poll-processor.js';

export interface PollWorkerOptions {
  /** `WORKER_CONCURRENCY`: polls in flight at once in this process. */
  readonly concurrency: number;
  readonly onError: (error: Error) => void;
}

/**
 * A job whose worker has not renewed its lock for this long (ms) is another worker's: with the check below, sets of a
 * killed worker are polled again within {@link LOCK_MS} + {@link STALLED_CHECK_MS}.
 */
const LOCK_MS = 5000;
const STALLED_CHECK_MS = 2000;

/** A perpetual job may lose its worker any number of times in its life; BullMQ's default gives it up at the second. */
const NEVER_GIVE_UP = 1_000_000_000;

/** Takes poll jobs off the queue, in as many worker processes as ops start. */
export class PollWorker {
  private readonly worker: Worker<PollJob>;

  constructor(client: RedisClient, keys: Keys, processor: PollProcessor, options: PollWorkerOptions) {
    this.worker = new Worker<PollJob>(POLL_QUEUE, (job, lock) => processor.process(job, lock), {
      connection: client,
      prefix: keys.queuePrefix,
      concurrency: options.concurrency,
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_CHECK_MS,
      maxStalledCount: NEVER_GIVE_UP,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
      autorun: false,
    });
    this.worker.on('error', options.onError);
  }

  start(): void {
    this.worker.run().catch((error: Error) => this.worker.emit('error', error));
  }

  isRunning(): boolean {
    return this.worker.isRunning();
  }

  /** Takes no more jobs and resolves when those that run are done; the others go on elsewhere at once. */
  async stop(): Promise<void> {
    await this.worker.close();
  }
}
