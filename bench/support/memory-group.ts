import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the kernel has charged for the processes of a group, bytes. */
export interface KernelMemory {
  /** All of it: pages of the processes, of files that only they have read, kernel objects, and sockets. */
  readonly all: number;
  /** The buffers of their TCP sockets. */
  readonly sockets: number;
}

const NAME = 'pollcast-bench-';
/** More than any machine has: version 1 counts socket memory only once it has a limit. */
const NO_LIMIT = '100000000000';

/**
 * A memory control group (cgroup) for one process that is measured, below the group that it is in. Resident memory does not show
 * what the kernel keeps for connections, and a container's limit counts it.
 */
export class MemoryGroup {
  private static readonly made = new Set<MemoryGroup>();
  private static isHooked = false;

  private constructor(
    private readonly folder: string,
    private readonly files: (folder: string) => KernelMemory,
  ) {}

  /**
   * Moves a process into a group of its own. What it has taken before stays charged to the group that it was in.
   *
   * @param root where control groups are mounted
   * @param proc where processes are listed
   * @returns why it is not possible on this machine
   */
  static of(pid: number, root = '/sys/fs/cgroup', proc = '/proc'): MemoryGroup | string {
    try {
      const paths = readFileSync(join(proc, String(pid), 'cgroup'), 'utf8');
      const group = place(paths, root);
      if (typeof group === 'string') {
        return group;
      }
      const folder = join(group.parent, `${NAME}${pid}`);
      removeStale(group.parent);
      mkdirSync(folder, { recursive: true });
      group.prepare(folder);
      writeFileSync(join(folder, 'cgroup.procs'), String(pid));
      const made = new MemoryGroup(folder, group.files);
      this.endsAtExit();
      this.made.add(made);
      made.read();
      return made;
    } catch (error) {
      return `a control group for it cannot be made: ${String(error)}`;
    }
  }

  private static endsAtExit(): void {
    if (!this.isHooked) {
      this.isHooked = true;
      process.once('exit', () => this.made.forEach((one) => one.remove()));
    }
  }

  read(): KernelMemory {
    return this.files(this.folder);
  }

  /** Removes the group. To be called when its process has ended. */
  remove(): void {
    MemoryGroup.made.delete(this);
    removeEmpty(this.folder);
  }
}

interface Place {
  readonly parent: string;
  readonly prepare: (folder: string) => void;
  readonly files: (folder: string) => KernelMemory;
}

/** @param paths text of `/proc/PID/cgroup`: `4:memory:/path` in version 1, `0::/path` in version 2 */
function place(paths: string, root: string): Place | string {
  const memory = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m.exec(paths)?.[1];
  if (memory !== undefined) {
    const prepare = (folder: string) => writeFileSync(join(folder, 'memory.kmem.tcp.limit_in_bytes'), NO_LIMIT);
    return { parent: join(root, 'memory', memory), prepare, files: version1 };
  }
  const unified = /^0::(.*)$/m.exec(paths)?.[1];
  if (unified === undefined) {
    return 'it is in no control group';
  }
  const parent = join(root, unified);
  if (!/\bmemory\b/.test(readFileSync(join(parent, 'cgroup.controllers'), 'utf8'))) {
    return `${parent} has no memory controller`;
  }
  // Fails where the group itself has processes, unless it is the machine's root: run the benchmark in an empty one.
  if (!/\bmemory\b/.test(readFileSync(join(parent, 'cgroup.subtree_control'), 'utf8'))) {
    writeFileSync(join(parent, 'cgroup.subtree_control'), '+memory');
  }
  return { parent, prepare: () => undefined, files: version2 };
}

function version1(folder: string): KernelMemory {
  const [usage, sockets] = [
    numberOf(folder, 'memory.usage_in_bytes'),
    numberOf(folder, 'memory.kmem.tcp.usage_in_bytes'),
  ];
  return { all: usage + sockets, sockets };
}

function version2(folder: string): KernelMemory {
  const stat = readFileSync(join(folder, 'memory.stat'), 'utf8');
  return { all: numberOf(folder, 'memory.current'), sockets: Number(/^sock (\d+)$/m.exec(stat)?.[1] ?? Number.NaN) };
}

function numberOf(folder: string, file: string): number {
  return Number(readFileSync(join(folder, file), 'utf8'));
}

/** Groups that a killed benchmark has left behind. */
function removeStale(parent: string): void {
  const names = readdirSync(parent).filter((name) => name.startsWith(NAME));
  names.forEach((name) => removeEmpty(join(parent, name)));
}

function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Its process has not ended.
  }
}
