import type { PollJob } from '#redis';
import { Worker, type Job, type Processor, type WorkerOptions } from 'bullmq';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';

/** Pause before BullMQ asks for a job again that Redis refused to give, ms. */
export const RETRY_MS = 500;

/**
 * Jobs that are taken before the first of them runs. BullMQ takes all that it can get first; meanwhile nobody renews their
 * locks, and with thousands of them the first locks would end.
 */
const TAKEN_AT_ONCE = 50;

/** Whether a worker may take one more job. */
export interface JobGate {
  readonly isOpen: boolean;
  /** Resolves when it is open. */
  untilOpen(): Promise<void>;
  /** A job was taken. */
  took(): void;
  /** A job is not here any more. */
  left(): void;
}

/** A job that runs here. */
interface Run {
  readonly token: string;
  /** Aborted when its lock is lost. */
  readonly ended: AbortController;
}

/**
 * A BullMQ worker with five differences.
 *
 * It takes a bounded number of jobs before it runs them.
 *
 * It takes no job while its gate is closed, and does not wait for one either: it would take the mark that wakes another worker.
 *
 * When Redis refuses to give a job (full, read-only), BullMQ asks again at once, which is a busy loop for as long as it
 * does. Here it waits.
 *
 * BullMQ renews the locks of many jobs at once. A job that ended meanwhile (delayed again, or complete) has no lock any
 * more, and BullMQ reports that as a lock that was lost. Here it is not reported.
 *
 * A lock that really was lost (Redis or this process stood still) ends the run of its job: another worker may have the job
 * by now. BullMQ goes on with both.
 */
export class JobWorker extends Worker<PollJob> {
  /** The lock of each job that runs, and how its run is told that the lock is lost, by job id. */
  readonly #runs = new Map<string, Run>();
  /** Jobs that are taken and do not run yet. */
  #taken = 0;
  /** Called when the last of them runs. */
  #onRunning: () => void = () => undefined;
  /** Called with the ids of jobs whose locks were lost: their runs end. */
  onLocksLost: (jobIds: readonly string[]) => void = () => undefined;

  constructor(
    name: string,
    processor: Processor<PollJob>,
    options: WorkerOptions,
    private readonly gate: JobGate,
  ) {
    super(name, processor, options);
    // BullMQ declares these two private. `drained`: the next job is waited for.
    const waitForJob = (Reflect.get(this, 'waitForJob') as (until: number) => Promise<number>).bind(this);
    const wait = async (until: number): Promise<number> => {
      if (gate.isOpen && this.#taken === 0) {
        return waitForJob(until);
      }
      await this.#untilTakenRun();
      await gate.untilOpen();
      return 0; // Asks for a job at once: the mark for it may be gone.
    };
    Reflect.set(this, 'waitForJob', wait);
  }

  protected override async moveToActive(token: string, name?: string): Promise<Job<PollJob>> {
    const isFull = this.#taken >= TAKEN_AT_ONCE || !this.gate.isOpen;
    if (isFull || this.paused || this.closing !== undefined) {
      Reflect.set(this, 'drained', true);
      return undefined as unknown as Job<PollJob>; // As BullMQ says that there is none.
    }
    try {
      const job = await super.moveToActive(token, name);
      if ((job as unknown) !== undefined) {
        this.gate.took();
        this.#taken += 1;
      }
      return job;
    } catch (error) {
      await delay(RETRY_MS);
      throw error;
    }
  }

  protected override async callProcessJob(job: Job<PollJob>, token: string, signal?: AbortSignal): Promise<unknown> {
    const id = job.id ?? '';
    if (this.#runs.has(id)) {
      this.#lost([id]); // The queue gave the job out again, to this same worker.
    }
    const run = { token, ended: new AbortController() };
    this.#runs.set(id, run);
    signal?.addEventListener('abort', () => run.ended.abort());
    try {
      return (await super.callProcessJob(job, token, run.ended.signal)) as unknown;
    } finally {
      if (this.#runs.get(id) === run) {
        this.#runs.delete(id);
      }
    }
  }

  /**
   * When a run ends, BullMQ would take another job, past the gate. And it renews the lock of the job no more, also that of a
   * later run.
   */
  override async processJob(job: Job<PollJob>, token: string): Promise<void | Job<PollJob>> {
    this.#taken -= 1;
    if (this.#taken === 0) {
      this.#onRunning();
    }
    try {
      return await super.processJob(job, token, () => false);
    } finally {
      this.gate.left();
      const id = job.id ?? '';
      const other = this.#runs.get(id);
      if (other !== undefined) {
        this.lockManager.trackJob(id, other.token, Date.now());
      }
    }
  }

  /** @returns nothing: what BullMQ does with ids of lost locks is one error for each of them, again and again */
  override async extendJobLocks(jobIds: string[], tokens: string[], duration: number): Promise<string[]> {
    const failed = new Set(await super.extendJobLocks(jobIds, tokens, duration));
    if (failed.size > 0) {
      // Redis answers in order. The answer that ended a job has come before this one: its job has ended by the next turn.
      await nextTurn();
    }
    this.#lost(jobIds.filter((id, at) => failed.has(id) && this.#runs.get(id)?.token === tokens[at]));
    return [];
  }

  async #untilTakenRun(): Promise<void> {
    if (this.#taken > 0) {
      await new Promise<void>((resolve) => (this.#onRunning = resolve));
    }
  }

  #lost(jobIds: readonly string[]): void {
    for (const id of jobIds) {
      this.#runs.get(id)?.ended.abort();
      this.#runs.delete(id);
      this.lockManager.untrackJob(id);
    }
    if (jobIds.length > 0) {
      this.onLocksLost(jobIds);
    }
  }
}
