import { readFileSync } from 'node:fs';

/** Besides its clients, a process has files open: Redis, logs, libraries. */
const SPARE_FILES = 200;

/** How many clients one process may have here. Said aloud where that is fewer than wanted. */
export function clientsAllowed(wanted: number): number {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  const files = Number(/Max open files\s+(\d+)/.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  if (wanted + SPARE_FILES > files) {
    console.warn(`ulimit -n is ${files}: rows of ${wanted} clients are left out. Raise it to measure them.`);
    return files - SPARE_FILES;
  }
  return wanted;
}
