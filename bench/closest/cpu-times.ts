import { readdirSync, readFileSync } from 'node:fs';
import { descendantsOf } from '../../test/harness/processes/descendants.js';

/** Of the processes of one name: time on a CPU, and time in which they were ready to run and had none, ms. */
export interface CpuTimes {
  readonly ran: number;
  readonly waited: number;
}

/** The processes by what is in their command lines. */
const NAMES: readonly (readonly [string, RegExp])[] = [
  ['simulator', /apps\/simulator\//],
  ['worker', /apps\/worker\//],
  ['Redis', /redis-server/],
  ['gateways', /apps\/gateway\//],
  ['clients', /bench\/load\//],
];

/** Of all processes that this one has started, and those that they have started. */
export function cpuTimes(): ReadonlyMap<string, CpuTimes> {
  const times = new Map<string, CpuTimes>();
  for (const pid of descendantsOf(process.pid)) {
    const command = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ');
    const name = NAMES.find(([, pattern]) => pattern.test(command))?.[0];
    if (name !== undefined) {
      const { ran, waited } = times.get(name) ?? { ran: 0, waited: 0 };
      const [more = 0, wait = 0] = threadTimes(pid);
      times.set(name, { ran: ran + more, waited: waited + wait });
    }
  }
  return times;
}

/** What happened between two readings, for each of `count`. */
export function cpuTimesPer(
  count: number,
  before: ReadonlyMap<string, CpuTimes>,
  after: ReadonlyMap<string, CpuTimes>,
): Readonly<Record<string, CpuTimes>> {
  const rows = [...after].map(([name, { ran, waited }]) => {
    const earlier = before.get(name) ?? { ran: 0, waited: 0 };
    return [name, { ran: (ran - earlier.ran) / count, waited: (waited - earlier.waited) / count }] as const;
  });
  return Object.fromEntries(rows);
}

/** `schedstat`: time on a CPU, time in a run queue, ns. */
function threadTimes(pid: number): number[] {
  const threads = list(`/proc/${pid}/task`).map((task) => read(`/proc/${pid}/task/${task}/schedstat`).split(' '));
  return [0, 1].map((field) => threads.reduce((sum, thread) => sum + Number(thread[field] ?? 0), 0) / 1e6);
}

/** A process may end after it was listed. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
