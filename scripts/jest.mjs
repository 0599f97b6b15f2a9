import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { killEverything, run } from './processes.mjs';
import { cache, root, tool } from './repository.mjs';

/** How long jest may run after it has written its result, ms. */
const LEAK_GRACE_MS = 10_000;
const LEAK_CHECK_MS = 1000;
/** Deployments at a time. Each starts six processes, and its tests mostly wait for polls. */
const E2E_WORKERS = '3';
const jest = tool('jest/bin/jest.js');

/** The environment that names the Redis server for tests. */
export const redisSettings = ({ path, libraries }) => ({ REDIS_SERVER_BIN: path, REDIS_SERVER_LD: libraries });

/** Throws if patterns are given and no test file of either project has a path that matches one of them. */
export async function assertMatch(patterns) {
  if (patterns.length === 0) return;
  const { output } = await run(process.execPath, [jest, '--listTests', ...patterns], { cwd: root, capture: true });
  if (!output.includes(root)) throw new Error(`FAILED  no test file has a path that matches ${patterns.join(' or ')}`);
}

/**
 * Runs one of jest's projects (`unit`, `e2e`) and returns `{ passed, failed }`; `failed` is 0 only if everything
 * passed.
 * `patterns` choose test files by their path; without any, all run. `node` is the Node binary that runs jest. A project
 * without a matching file has 0 and 0, because the other project may have some.
 */
export async function runJest(project, { patterns = [], node = process.execPath, env = process.env }) {
  const resultFile = cache('test', `${project}.json`);
  mkdirSync(cache('test'), { recursive: true });
  rmSync(resultFile, { force: true });
  const args = [jest, '--selectProjects', project, '--json', '--outputFile', resultFile];
  if (project === 'e2e') args.push('--maxWorkers', E2E_WORKERS);
  if (patterns.length > 0) args.push('--passWithNoTests', ...patterns);
  const leak = setInterval(() => endAfterResult(resultFile), LEAK_CHECK_MS);
  const { ok, code, signal } = await run(node, args, { cwd: root, env });
  clearInterval(leak);
  // Jest says why it failed, but not that it was killed.
  if (!existsSync(resultFile)) console.error(`FAILED  jest ended without a result: ${signal ?? `exit code ${code}`}`);
  const { passed, failed } = counted(resultFile);
  return { passed, failed: ok ? failed : Math.max(failed, 1) };
}

/**
 * Ends a jest that does not end by itself: a test left a socket or a process open. This is a failure, and not a build
 * that hangs.
 */
function endAfterResult(resultFile) {
  const age = Date.now() - (statSync(resultFile, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
  if (age < LEAK_GRACE_MS) return;
  console.error(`FAILED  jest did not end within ${LEAK_GRACE_MS / 1000} s of its last test: something was left open.`);
  killEverything();
}

function counted(resultFile) {
  if (!existsSync(resultFile)) return { passed: 0, failed: 1 };
  const result = JSON.parse(readFileSync(resultFile, 'utf8'));
  return {
    passed: result.numPassedTests,
    // A file that does not compile has no tests, but it is a failure.
    failed: result.numFailedTests + result.numRuntimeErrorTestSuites,
  };
}
