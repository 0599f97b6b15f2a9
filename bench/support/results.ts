import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../test/harness/processes/repository.js';

/** The file of a run's results and of the machine's data, in bench/results/ (git ignores it). */
export class ResultsFile {
  readonly path: string;

  constructor(name: string) {
    const folder = join(ROOT, 'bench/results');
    mkdirSync(folder, { recursive: true });
    this.path = join(folder, `${name}-${new Date().toISOString().replaceAll(':', '')}.json`);
  }

  /** Writes all results so far, so that an interrupted run leaves them. */
  write(results: object): void {
    const machine = { node: process.version, cpus: cpus().length, model: cpus()[0]?.model };
    writeFileSync(this.path, `${JSON.stringify({ machine, ...results }, null, 2)}\n`);
  }
}
