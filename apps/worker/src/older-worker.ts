import type { Clock, OlderReader } from '#core';
import { OLDER_QUEUE, type Keys, type OlderJob, type OlderParts, type RedisClient } from '#redis';
import { Worker, type Job } from 'bullmq';

/** Requests of one worker for older messages that are in flight at once. */
const AT_ONCE = 4;
/** A job whose worker was killed is run again after this, and one check more, ms, if somebody still waits for it. */
const LOCK_MS = 4000;
const STALLED_CHECK_MS = 1000;
/** After a loop of BullMQ failed, ms. */
const RETRY_MS = 500;

export interface OlderWorkerParts {
  readonly bull: RedisClient;
  readonly keys: Keys;
  readonly reader: Pick<OlderReader, 'read'>;
  readonly kept: Pick<OlderParts, 'find' | 'keep'>;
  readonly clock: Clock;
  readonly onError: (error: Error) => void;
}

/** Reads what gateways ask for of the upstream's past. It is apart from polls: neither waits for the other. */
export class OlderWorker {
  private readonly worker: Worker<OlderJob>;

  constructor(private readonly parts: OlderWorkerParts) {
    this.worker = new Worker<OlderJob>(OLDER_QUEUE, (job) => this.run(job), {
      connection: parts.bull,
      prefix: parts.keys.queuePrefix,
      concurrency: AT_ONCE,
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_CHECK_MS,
      runRetryDelay: RETRY_MS,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
      autorun: false,
    });
    this.worker.on('error', parts.onError);
    this.worker.on('failed', (_, error) => parts.onError(error));
  }

  start(): void {
    this.worker.run().catch((error: Error) => this.worker.emit('error', error));
  }

  /** Takes no more jobs, and resolves when those that run have ended. */
  async stop(): Promise<void> {
    await this.worker.close();
  }

  private async run({ id = '', data: { feed, want, until } }: Job<OlderJob>): Promise<void> {
    const { reader, kept, clock } = this.parts;
    if (clock.now() < until && (await kept.find(id)) === null) {
      await kept.keep(id, await reader.read(feed, want, until));
    }
  }
}
