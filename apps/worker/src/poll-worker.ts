import { POLL_QUEUE, type Keys, type PollJob, type RedisClient } from '#redis';
import type { Processor, Worker } from 'bullmq';

import type { FairShare } from './fair-share.js';
import { JobWorker, RETRY_MS } from './job-worker.js';
import type { PollProcessor } from './poll-processor.js';

/**
 * A job is given to another worker when its worker has not renewed its lock for this long, ms, and BullMQ has seen that
 * in two checks, every {@link STALLED_CHECK_MS}. OPERATIONS.md, Stopping, says when the sets of a killed worker are polled
 * again because of that.
 */
const LOCK_MS = 5000;
const STALLED_CHECK_MS = 1000;

/** Largest number of sets that one worker has at once. `WORKER_CONCURRENCY` bounds its requests in flight. */
const SETS_MAX = 20_000;

/** A job may lose its worker any number of times. BullMQ's default gives a job up the second time. */
const NEVER_GIVE_UP = 1_000_000_000;

/** Takes poll jobs from the queue. Any number of worker processes may do so. */
export class PollWorker {
  private readonly worker: Worker<PollJob>;

  constructor(
    client: RedisClient,
    keys: Keys,
    private readonly processor: PollProcessor,
    private readonly share: FairShare,
    onError: (error: Error) => void,
    onLocksLost: (jobIds: readonly string[]) => void = () => undefined,
  ) {
    const options = {
      connection: client,
      prefix: keys.queuePrefix,
      concurrency: SETS_MAX,
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_CHECK_MS,
      // After a loop of BullMQ failed, such as while Redis loads its file. The default of 15 s outlasts the outage.
      runRetryDelay: RETRY_MS,
      maxStalledCount: NEVER_GIVE_UP,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
      autorun: false,
    };
    const run: Processor<PollJob> = (job, lock, signal) => processor.process(job, lock, signal);
    const worker = new JobWorker(POLL_QUEUE, run, options, share);
    worker.onLocksLost = onLocksLost;
    worker.on('error', onError);
    this.worker = worker;
  }

  start(): void {
    if (!this.worker.isPaused()) {
      this.share.start();
    }
    this.worker.run().catch((error: Error) => this.worker.emit('error', error));
  }

  isRunning(): boolean {
    return this.worker.isRunning();
  }

  /** Takes no more jobs until {@link resume}. The sets that are here go to other workers after the polls that run. */
  pause(): void {
    void this.share.stop();
    this.processor.stop();
    void this.worker.pause(true);
  }

  async resume(): Promise<void> {
    this.processor.resume();
    this.share.start();
    await this.worker.resume();
  }

  /** Takes no more jobs. Resolves when the polls that run have ended; the other sets go to other workers at once. */
  async stop(): Promise<void> {
    const left = this.share.stop();
    this.processor.stop();
    await this.worker.close();
    await left;
  }
}
