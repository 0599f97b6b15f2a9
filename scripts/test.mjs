import { join } from 'node:path';
import { chromiumSettings } from './chromium-binary.mjs';
import { install } from './install.mjs';
import { endOnInterruption } from './interruption.mjs';
import { assertMatch, redisSettings, runJest } from './jest.mjs';
import { testMutants } from './mutant-run.mjs';
import { nginxSettings } from './nginx-binary.mjs';
import { killEverything, run } from './processes.mjs';
import { redisBinary } from './redis-binary.mjs';
import { root } from './repository.mjs';

/**
 * `npm test`: every check that a change has to pass, cheapest first, ended by the first that fails. What follows
 * `npm test --` goes to jest, as a pattern of test files. Without one, a sample of the planted mistakes shows whether unit
 * tests still catch what they should.
 *
 * The last line counts tests, for people and machines alike. A failed check counts as one failed test, so that
 * `0 failed` is printed if and only if the exit code is 0. The lines before it repeat which checks could not be made.
 */
const npmScript = (name) => ['npm', ['run', '--silent', name]];
const node = (script) => [process.execPath, [join(root, 'scripts', script)]];
const CHECKS = [
  ['lock file', ...node('check-lockfile.mjs')],
  ['supply chain', ...node('check-supply-chain.mjs')],
  ['commit subjects', ...node('check-commits.mjs')],
  ['format', ...npmScript('format:check')],
  ['lint', ...npmScript('lint')],
  ['typecheck', ...npmScript('typecheck')],
  ['layers', ...npmScript('layers')],
  ['build', ...npmScript('build')],
  ['client library', ...node('client.mjs')],
];
const AT_ONCE = 2;
const MUTANTS = 10;
/** The exit code of a check that could not be made, as in automake. */
const SKIPPED = 77;

const patterns = process.argv.slice(2);
const total = { passed: 0, failed: 0 };
const skipped = [];

endOnInterruption();
try {
  await install();
  await assertMatch(patterns);
  await runChecks();
  const redis = await redisBinary();
  const nginx = await nginxSettings();
  if (nginx.NGINX_MISSING) skipped.push(`SKIPPED  the tests behind nginx: ${nginx.NGINX_MISSING}`);
  // 120 MB of packages are fetched beside the unit tests, which need no browser.
  const chromium = chromiumSettings();
  await runTests({ patterns, env: { ...process.env, ...redisSettings(redis), ...nginx }, chromium });
} catch (error) {
  console.error(error.message);
  total.failed ||= 1;
}
for (const line of skipped) console.log(line);
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
  const { ok, code, output } = await run(command, args, { cwd: root, capture: true });
  const text = output.trim();
  if (code === SKIPPED) {
    skipped.push(`SKIPPED  ${name}: ${text}`);
    console.log(skipped.at(-1));
    return;
  }
  if (!ok) throw new Error(`FAILED  ${name} (${seconds(started)})\n${text}`);
  console.log(`ok  ${name} (${seconds(started)})${text && `: ${text.split('\n').at(-1)}`}`);
}

/** End-to-end tests do not start if unit tests have failed, or if they missed a planted mistake. */
async function runTests(settings) {
  const steps = [
    ['unit tests', () => runJest('unit', settings)],
    ...(settings.patterns.length > 0 ? [] : [['planted mistakes', () => runMutants(settings)]]),
    ['e2e tests', async () => runJest('e2e', { ...settings, env: { ...settings.env, ...(await browser(settings)) } })],
  ];
  for (const [name, step] of steps) {
    console.log(`\n${name}`);
    const { passed, failed } = await step();
    total.passed += passed;
    total.failed += failed;
    if (failed > 0) return;
  }
}

async function browser({ chromium }) {
  const found = await chromium;
  if (found.CHROMIUM_MISSING) skipped.push(`SKIPPED  the tests in a browser: ${found.CHROMIUM_MISSING}`);
  return found;
}

async function runMutants({ env }) {
  const { killed, others } = await testMutants({ sample: MUTANTS, env });
  return { passed: killed, failed: others };
}

function seconds(since) {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}
