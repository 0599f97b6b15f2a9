import { cpSync, existsSync, mkdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './processes.mjs';
import { root, tool } from './repository.mjs';

/** What unit tests need of the repository. */
const SOURCES = ['apps', 'libs', 'test', 'package.json', 'tsconfig.json', 'jest.config.cjs', 'OPERATIONS.md'];

/** A test file that runs longer counts as failed, ms: the mistake keeps it from ending. */
const TIMEOUT_MS = 90_000;

/** The fault of a row itself, as a sentence; null if there is none. */
export function faultOf({ id, file, find, killedBy }, rows) {
  if (rows.filter((row) => row.id === id).length > 1) return `${id}: more than one row has this id`;
  for (const named of [file, killedBy.file]) {
    if (!existsSync(join(root, named))) return `${id}: there is no ${named}`;
  }
  const times = readFileSync(join(root, file), 'utf8').split(find).length - 1;
  return times === 1 ? null : `${id}: its text is in ${file} ${times} times`;
}

/** A copy of the sources for one mistake at a time. */
export class MutantCopy {
  constructor(folder, env) {
    this.folder = folder;
    this.env = env;
  }

  /**
   * Makes the copy equal to the sources. It keeps the times of files, so that jest uses what it has compiled before.
   */
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

  /** Runs test files of the unit project, and of them the tests whose name contains `name`. */
  async jest(files, name) {
    const resultFile = join(this.folder, 'result.json');
    rmSync(resultFile, { force: true });
    const args = [tool('jest/bin/jest.js'), '--runTestsByPath', ...files, '--selectProjects', 'unit', '--maxWorkers=1'];
    // A mistake may leave sockets and timers open.
    args.push('--forceExit', '--json', '--outputFile', resultFile);
    if (name !== undefined) args.push('--testNamePattern', name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    const how = { cwd: this.folder, env: this.env, capture: true, timeoutMs: TIMEOUT_MS * files.length };
    const { ok, output, late } = await run(process.execPath, args, how);
    const result = existsSync(resultFile) ? JSON.parse(readFileSync(resultFile, 'utf8')) : null;
    return { ok, output, late, result };
  }
}

function verdict({ late, output, result }) {
  if (late || result?.numFailedTests > 0) return { outcome: 'killed', said: '' };
  // The code does not compile or load with this mistake. Everybody sees that at the first start, so it tests nothing.
  if (result === null || result.numRuntimeErrorTestSuites > 0) return { outcome: 'broken', said: output };
  const { numPassedTests: passed } = result;
  return { outcome: 'survived', said: passed > 0 ? `${passed} tests passed` : 'no test has this name' };
}
