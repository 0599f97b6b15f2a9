import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../test/harness/processes/repository.js';

/** What is measured, and on what, in bench/results/ (not kept by git). */
export class ResultsFile {
  readonly path: string;

  constructor(name: string) {
    const folder = join(ROOT, 'bench/results');
    mkdirSync(folder, { recursive: true });
    this.path = join(folder, `${name}-${new Date().toISOString().replaceAll(':', '')}.json`);
  }

  /** Writes all there is by now, so that a run that is broken off leaves what it had. */
  write(results: object): void {
    const machine = { node: process.version, cpus: cpus().length, model: cpus()[0]?.model };
    writeFileSync(this.path, `${JSON.stringify({ machine, ...results }, null, 2)}\n`);
  }
}
