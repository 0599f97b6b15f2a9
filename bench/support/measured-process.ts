import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { MemoryGroup, type KernelMemory } from './memory-group.js';

/** Time until garbage is collected and memory pages are returned, ms. */
const SETTLE_MS = 1500;

/** Measures the CPU and the memory of any process. */
export class MeasuredProcess {
  private static isSaid = false;
  private group: MemoryGroup | null | undefined;

  constructor(readonly pid: number) {}

  /**
   * What the kernel has charged for it since the first call; not a number where that is not counted. To be called before clients
   * connect.
   */
  get kernelMemory(): KernelMemory {
    if (this.group === undefined) this.group = this.enterGroup();
    return this.group?.read() ?? { all: Number.NaN, sockets: Number.NaN };
  }

  /** CPU time of all its threads so far, microseconds. */
  get cpuUs(): number {
    const tasks = readdirSync(`/proc/${this.pid}/task`);
    return tasks.reduce((sum, task) => sum + threadNs(this.pid, task), 0) / 1000;
  }

  /** Resident memory, bytes. */
  get memory(): number {
    return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  }

  /** To be called when it has ended. */
  protected leaveGroup(): void {
    this.group?.remove();
  }

  private enterGroup(): MemoryGroup | null {
    const group = MemoryGroup.of(this.pid);
    if (typeof group !== 'string') {
      return group;
    }
    if (!MeasuredProcess.isSaid) {
      MeasuredProcess.isSaid = true;
      console.warn(`\n!!! the kernel's memory per connection is NOT measured: ${group}\n`);
    }
    return null;
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
