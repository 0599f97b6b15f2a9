import { readFileSync } from 'node:fs';

/** Open files of a process besides its clients: Redis, logs, libraries. */
const SPARE_FILES = 200;

/** How many clients one process may have on this machine. A warning is printed if they are fewer than wanted. */
export function clientsAllowed(wanted: number): number {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  const files = Number(/Max open files\s+(\d+)/.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  if (wanted + SPARE_FILES > files) {
    console.warn(`ulimit -n is ${files}: rows of ${wanted} clients are left out. Raise it to measure them.`);
    return files - SPARE_FILES;
  }
  return wanted;
}
