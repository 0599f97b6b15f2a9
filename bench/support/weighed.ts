import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Until garbage has gone and pages were given back, ms. */
const SETTLE_MS = 1500;

/** Any process, and what it costs. */
export class Weighed {
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

  /** Resident memory once a Node process' garbage is gone (see gc-hook), bytes. */
  async settledMemory(): Promise<number> {
    await sleep(SETTLE_MS);
    return this.memory;
  }
}

/** A thread may end between being listed and being read. */
function threadNs(pid: number, task: string): number {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]);
  } catch {
    return 0;
  }
}
