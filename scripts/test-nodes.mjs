import { delimiter, dirname, join } from 'node:path';
import { chromiumSettings } from './chromium-binary.mjs';
import { install } from './install.mjs';
import { endOnInterruption } from './interruption.mjs';
import { assertMatch, redisSettings, runJest } from './jest.mjs';
import { nodeBinary } from './node-binary.mjs';
import { run } from './processes.mjs';
import { nginxSettings } from './nginx-binary.mjs';
import { redisBinary } from './redis-binary.mjs';
import { root } from './repository.mjs';

/**
 * `npm run test:nodes`: runs the unit tests on the newest 22, 24 and 26. After `--` it takes other versions (`24 20.19.0`),
 * `--e2e` for the end-to-end tests, and patterns of test files.
 *
 * A version that cannot be fetched is a failure, because it was not tested.
 */
const SUPPORTED = ['22', '24', '26'];
const VERSION = /^\d+(\.\d+){0,2}$/;

const args = process.argv.slice(2);
const named = args.filter((arg) => VERSION.test(arg));
const patterns = args.filter((arg) => !VERSION.test(arg) && arg !== '--e2e');
const projects = args.includes('--e2e') ? ['unit', 'e2e'] : ['unit'];
/** Tests that need a program which may be missing, and the setting that says why it is. */
const WITHOUT = [
  ['the tests behind nginx', 'NGINX_MISSING'],
  ['the tests in a browser', 'CHROMIUM_MISSING'],
];
const verdicts = [];

endOnInterruption();
try {
  await install();
  await assertMatch(patterns);
  const build = await run(process.execPath, [join(root, 'scripts/build.mjs')], { cwd: root });
  const client = await run(process.execPath, [join(root, 'scripts/client.mjs')], { cwd: root });
  if (!build.ok || !client.ok) throw new Error('FAILED  build');
  const tools = { ...redisSettings(await redisBinary()), ...(await nginxSettings()) };
  if (projects.includes('e2e')) Object.assign(tools, await chromiumSettings());
  for (const [tests, setting] of WITHOUT) {
    if (tools[setting]) console.error(`SKIPPED  ${tests}: ${tools[setting]}`);
  }
  for (const wanted of named.length > 0 ? named : SUPPORTED) await testOn(wanted, tools);
} catch (error) {
  console.error(error.message);
  say(false, 'FAILED   before the last test');
}
console.log(`\n${verdicts.map(({ line }) => line).join('\n')}`);
process.exit(verdicts.every(({ ok }) => ok) ? 0 : 1);

async function testOn(wanted, tools) {
  const node = await nodeBinary(wanted).catch((error) => {
    const line = `MISSING  Node ${wanted} is NOT TESTED: ${error.message}`;
    console.error(`\n${line}`);
    say(false, line);
  });
  if (!node) return;
  // Programs that a test starts as `node` must have the same version.
  const path = [dirname(node.path), process.env.PATH].join(delimiter);
  const env = { ...process.env, ...tools, PATH: path };
  for (const project of projects) {
    console.log(`\n${project} tests on Node ${node.version}`);
    const started = Date.now();
    const { passed, failed } = await runJest(project, { patterns, node: node.path, env });
    const took = `${((Date.now() - started) / 1000).toFixed(0)} s`;
    const line = `Node ${node.version}  ${project}: ${passed} passed, ${failed} failed (${took})`;
    say(failed === 0, failed === 0 ? `ok       ${line}` : `FAILED   ${line}`);
  }
}

function say(ok, line) {
  verdicts.push({ ok, line });
}
