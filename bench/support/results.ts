import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './process.js';

/** Writes what was measured, and on what, to bench/results/ (not kept by git). */
export function writeResults(name: string, results: object): void {
  const folder = join(ROOT, 'bench/results');
  mkdirSync(folder, { recursive: true });
  const machine = { node: process.version, cpus: cpus().length, model: cpus()[0]?.model };
  const path = join(folder, `${name}-${new Date().toISOString().replaceAll(':', '')}.json`);
  writeFileSync(path, `${JSON.stringify({ machine, ...results }, null, 2)}\n`);
  console.log(`\nwritten to ${path}`);
}
