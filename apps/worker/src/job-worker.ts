import type { PollJob } from '#redis';
import { Worker, type Job } from 'bullmq';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';

/** Pause before BullMQ asks for a job again that Redis refused to give, ms. */
export const RETRY_MS = 500;

/**
 * A BullMQ worker with two differences.
 *
 * When Redis refuses to give a job (full, read-only), BullMQ asks again at once, which is a busy loop for as long as it
 * does. Here it waits.
 *
 * BullMQ renews the locks of many jobs at once. A job that ended meanwhile (delayed again, or complete) has no lock any
 * more, and BullMQ reports that as a lock that was lost. Here it is not reported.
 */
export class JobWorker extends Worker<PollJob> {
  /** The lock of each job that runs, by job id. */
  readonly #locks = new Map<string, string>();

  protected override async moveToActive(token: string, name?: string): Promise<Job<PollJob>> {
    try {
      return await super.moveToActive(token, name);
    } catch (error) {
      await delay(RETRY_MS);
      throw error;
    }
  }

  protected override async callProcessJob(job: Job<PollJob>, token: string, signal?: AbortSignal): Promise<unknown> {
    const id = job.id ?? '';
    this.#locks.set(id, token);
    try {
      return (await super.callProcessJob(job, token, signal)) as unknown;
    } finally {
      if (this.#locks.get(id) === token) {
        this.#locks.delete(id);
      }
    }
  }

  /** @returns the ids of the jobs that have lost their locks */
  override async extendJobLocks(jobIds: string[], tokens: string[], duration: number): Promise<string[]> {
    const failed = new Set(await super.extendJobLocks(jobIds, tokens, duration));
    if (failed.size > 0) {
      // Redis answers in order. The answer that ended a job has come before this one: its job has ended by the next turn.
      await nextTurn();
    }
    return jobIds.filter((id, at) => failed.has(id) && this.#locks.get(id) === tokens[at]);
  }
}
