import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Time until garbage is collected and memory pages are returned, ms. */
const SETTLE_MS = 1500;

/** Measures the CPU and the memory of any process. */
export class MeasuredProcess {
  constructor(readonly pid: number) {}

  /** CPU time of all its threads so far, microseconds. */
  get cpuUs(): number {
    const tasks = readdirSync(`/proc/${this.pid}/task`);
    return tasks.reduce((sum, task) => sum + threadNs(this.pid, task), 0) / 1000;
  }

  /** Resident memory, bytes. */
  get memory(): number {
    return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  }

  /** Resident memory of a Node process after a garbage collection (see gc-hook), bytes. */
  async settledMemory(): Promise<number> {
    await sleep(SETTLE_MS);
    return this.memory;
  }
}

/** CPU time of a thread, nanoseconds. A thread may end after it was listed: 0. */
function threadNs(pid: number, task: string): number {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]);
  } catch {
    return 0;
  }
}
