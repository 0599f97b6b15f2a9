import { mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { install } from './install.mjs';
import { interruption } from './interruption.mjs';
import { killEverything, run } from './processes.mjs';
import { redisBinary } from './redis-binary.mjs';
import { cache, root, tool } from './repository.mjs';

/**
 * `npm test`: every check that a change has to pass, cheapest first, ended by the first that fails. What follows
 * `npm test --` goes to jest, as a pattern of test files.
 *
 * The last line counts tests, for people and machines alike. A failed check counts as one failed test, so that
 * `0 failed` is printed if and only if the exit code is 0.
 */
const npmScript = (name) => ['npm', ['run', '--silent', name]];
const node = (script) => [process.execPath, [join(root, 'scripts', script)]];
const CHECKS = [
  ['lock file', ...node('check-lockfile.mjs')],
  ['commit subjects', ...node('check-commits.mjs')],
  ['format', ...npmScript('format:check')],
  ['lint', ...npmScript('lint')],
  ['typecheck', ...npmScript('typecheck')],
  ['layers', ...npmScript('layers')],
  ['build', ...npmScript('build')],
];
const AT_ONCE = 2;
const LEAK_GRACE_MS = 10_000;

const patterns = process.argv.slice(2);
const total = { passed: 0, failed: 0 };

void interruption().then(() => {
  killEverything();
  process.exit(130);
});
try {
  await install();
  await runChecks();
  const redis = await redisBinary();
  // Where end-to-end tests find the server that they start, kill and restart.
  const env = { ...process.env, REDIS_SERVER_BIN: redis.path, REDIS_SERVER_LD: redis.libraries };
  // Two files at a time: the e2e tests wait more than they compute, and none is about how long it takes.
  if (await runJest('unit', ['--maxWorkers=2'], env)) await runJest('e2e', ['--maxWorkers=2'], env);
} catch (error) {
  console.error(error.message);
  total.failed ||= 1;
}
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed === 0 ? 0 : 1);

async function runChecks() {
  const waiting = [...CHECKS];
  const worker = async () => {
    for (let check = waiting.shift(); check; check = waiting.shift()) await runCheck(...check);
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  } finally {
    killEverything(); // after a failure, the check beside it has no more to say
  }
}

async function runCheck(name, command, args) {
  const started = Date.now();
  const { ok, output } = await run(command, args, { cwd: root, capture: true });
  const text = output.trim();
  if (!ok) throw new Error(`FAILED  ${name} (${seconds(started)})\n${text}`);
  console.log(`ok  ${name} (${seconds(started)})${text && `: ${text.split('\n').at(-1)}`}`);
}

async function runJest(project, options, env) {
  console.log(`\n${project} tests`);
  const resultFile = cache('test', `${project}.json`);
  mkdirSync(cache('test'), { recursive: true });
  rmSync(resultFile, { force: true });
  const args = [
    tool('jest/bin/jest.js'),
    '--selectProjects',
    project,
    ...options,
    '--json',
    '--outputFile',
    resultFile,
  ];
  if (patterns.length > 0) args.push('--passWithNoTests', ...patterns);
  const finished = run(process.execPath, args, { cwd: root, env });
  const leak = setInterval(() => endAfterResult(resultFile), 1000);
  const { ok } = await finished;
  clearInterval(leak);
  countTests(resultFile);
  if (!ok) total.failed ||= 1;
  return ok;
}

/** Tests that leave a socket or a process open keep jest from ending: a failure, and not a build that hangs. */
function endAfterResult(resultFile) {
  const age = Date.now() - (statSync(resultFile, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
  if (age < LEAK_GRACE_MS) return;
  console.error(`FAILED  jest did not end within ${LEAK_GRACE_MS / 1000} s of its last test: something was left open.`);
  killEverything();
}

function countTests(resultFile) {
  const result = JSON.parse(readFileSync(resultFile, 'utf8'));
  total.passed += result.numPassedTests;
  // A file that does not compile has no tests to count, and is a failure nevertheless.
  total.failed += result.numFailedTests + result.numRuntimeErrorTestSuites;
}

function seconds(since) {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}
