import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

interface Listed {
  readonly pid: number;
  readonly parent: number;
  /** The first letter of the state, as in ps. */
  readonly state: string;
}

/** All processes of the machine: from /proc on Linux, because small containers have no ps; from ps elsewhere. */
function processes(): Listed[] {
  if (!existsSync('/proc/self/stat')) {
    const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat='], { encoding: 'utf8' }).trim().split('\n');
    return lines.map((line) => line.trim().split(/\s+/)).map(([pid, parent, state]) => listed(pid, parent, state));
  }
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    try {
      // The name is in parentheses and may contain any character, so the fields after the last parenthesis are read.
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return [listed(pid, parent, state)];
    } catch {
      return []; // It has ended since the folder was listed.
    }
  });
}

const listed = (pid = '', parent = '', state = ''): Listed => ({
  pid: Number(pid),
  parent: Number(parent),
  state: state.charAt(0),
});

/** All descendants of a process. @throws Error for 0 and below, which stand for every process or for a group */
export function descendantsOf(pid: number): number[] {
  if (pid <= 0) throw new Error(`${pid} is not the id of a process: was it started?`);
  const all = processes();
  const below = (parent: number): number[] =>
    all.filter((each) => each.parent === parent).flatMap((child) => [child.pid, ...below(child.pid)]);
  return below(pid);
}

/** Those that still run. A zombie has ended. */
export function alive(pids: readonly number[]): number[] {
  const running = new Set(processes().flatMap(({ pid, state }) => (state === 'Z' ? [] : [pid])));
  return pids.filter((pid) => running.has(pid));
}
