import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Ticks of a second in `/proc`, on every Linux that Node runs on. */
const TICKS_PER_S = 100;

/** The part of a core that a process uses during this time, by what the kernel counts. @param pid of a process that runs */
export async function cpuOf(pid: number, duringMs: number): Promise<number> {
  const before = ticks(pid);
  const from = performance.now();
  await sleep(duringMs);
  return (ticks(pid) - before) / TICKS_PER_S / ((performance.now() - from) / 1000);
}

/** Its own time and that of the kernel for it. The name of the program, in brackets, may have spaces. */
function ticks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return Number(fields[11]) + Number(fields[12]);
}
