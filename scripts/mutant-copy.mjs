import { cpSync, existsSync, mkdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './processes.mjs';
import { root, tool } from './repository.mjs';

/** What unit tests need of the repository. */
const SOURCES = ['apps', 'libs', 'test', 'package.json', 'tsconfig.json', 'jest.config.cjs', 'OPERATIONS.md'];

/** A test that has not ended after this long (ms) is taken for one that the mistake keeps from ending. */
const TIMEOUT_MS = 90_000;

/** What is wrong with a row of the ledger itself, in words; null if nothing is. */
export function faultOf({ id, file, find, killedBy }, rows) {
  if (rows.filter((row) => row.id === id).length > 1) return `${id}: more than one row has this id`;
  for (const named of [file, killedBy.file]) {
    if (!existsSync(join(root, named))) return `${id}: there is no ${named}`;
  }
  const times = readFileSync(join(root, file), 'utf8').split(find).length - 1;
  return times === 1 ? null : `${id}: its text is in ${file} ${times} times`;
}

/** A copy of the sources in which one mistake at a time is made. */
export class MutantCopy {
  constructor(folder, env) {
    this.folder = folder;
    this.env = env;
  }

  /** Makes it equal to the sources. Times are kept, so that jest knows what it has compiled before. */
  refresh() {
    mkdirSync(this.folder, { recursive: true });
    for (const source of SOURCES) {
      rmSync(join(this.folder, source), { recursive: true, force: true });
      cpSync(join(root, source), join(this.folder, source), { recursive: true, preserveTimestamps: true });
    }
    const modules = join(this.folder, 'node_modules');
    if (!existsSync(modules)) symlinkSync(realpathSync(join(root, 'node_modules')), modules);
  }

  /** Makes the mistake, runs its test, and takes the mistake back: `{ outcome, seconds, said }`. */
  async test({ file, find, put, killedBy }) {
    const path = join(this.folder, file);
    const right = readFileSync(path, 'utf8');
    const started = Date.now();
    writeFileSync(path, right.split(find).join(put));
    try {
      const result = await this.jest([killedBy.file], killedBy.test);
      return { ...verdict(result), seconds: ((Date.now() - started) / 1000).toFixed(1) };
    } finally {
      writeFileSync(path, right);
    }
  }

  /** Runs test files of the unit project; of their tests those whose name contains `name`. */
  async jest(files, name) {
    const resultFile = join(this.folder, 'result.json');
    rmSync(resultFile, { force: true });
    const args = [tool('jest/bin/jest.js'), '--runTestsByPath', ...files, '--selectProjects', 'unit', '--maxWorkers=1'];
    // A mistake may leave anything open.
    args.push('--forceExit', '--json', '--outputFile', resultFile);
    if (name !== undefined) args.push('--testNamePattern', name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    const how = { cwd: this.folder, env: this.env, capture: true, timeoutMs: TIMEOUT_MS };
    const { ok, output, late } = await run(process.execPath, args, how);
    const result = existsSync(resultFile) ? JSON.parse(readFileSync(resultFile, 'utf8')) : null;
    return { ok, output, late, result };
  }
}

function verdict({ late, output, result }) {
  if (late || result?.numFailedTests > 0) return { outcome: 'killed', said: '' };
  // Nothing of such a mistake reaches a test: everybody sees it at the first start.
  if (result === null || result.numRuntimeErrorTestSuites > 0) return { outcome: 'broken', said: output };
  const { numPassedTests: passed } = result;
  return { outcome: 'survived', said: passed > 0 ? `${passed} tests passed` : 'no test has this name' };
}
