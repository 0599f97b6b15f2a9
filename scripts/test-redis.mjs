import { install } from './install.mjs';
import { endOnInterruption } from './interruption.mjs';
import { redisSettings } from './jest.mjs';
import { run } from './processes.mjs';
import { REDIS_SERVERS, redisServer } from './redis-servers.mjs';
import { root, tool } from './repository.mjs';

/**
 * `npm run test:redis`: runs all tests that work with a real Redis, but for those of whole deployments, with each server of
 * scripts/redis-servers.mjs. After `--` it takes names of servers, and patterns of test files.
 *
 * A server that cannot be had is a failure, because it was not tested.
 */
const FILES = ['test/contract/redis-', 'apps/worker/test/', 'connection-counts', 'revocation-list'];
const args = process.argv.slice(2);
const named = args.filter((arg) => REDIS_SERVERS.includes(arg));
const patterns = args.filter((arg) => !REDIS_SERVERS.includes(arg));
const verdicts = [];

endOnInterruption();
await install();
for (const name of named.length > 0 ? named : REDIS_SERVERS) await testWith(name);
console.log(`\n${verdicts.map(({ line }) => line).join('\n')}`);
process.exit(verdicts.every(({ ok }) => ok) ? 0 : 1);

async function testWith(name) {
  const server = await redisServer(name).catch(({ message }) => {
    verdicts.push({ ok: false, line: `MISSING  ${name} is NOT TESTED: ${message}` });
    console.error(`\n${verdicts.at(-1).line}`);
  });
  if (!server) return;
  const { version, hasCluster, hasTls } = server;
  console.log(`\n${name}: ${version}`);
  const ignored = [...(hasTls ? [] : ['redis-tls']), ...(hasCluster ? [] : ['redis-cluster'])];
  const options = [
    ...['--selectProjects', 'unit', '--testPathPatterns', ...(patterns.length > 0 ? patterns : FILES)],
    // Tests that wait for times share the machine with few others.
    ...['--maxWorkers', '2'],
    ...ignored.flatMap((file) => ['--testPathIgnorePatterns', file]),
    // What is left of the tests of clusters is in files with other tests.
    ...(hasCluster ? [] : ['--testNamePattern', '^(?!.*cluster)']),
  ];
  const env = { ...process.env, ...redisSettings(server) };
  const { ok } = await run(process.execPath, [tool('jest/bin/jest.js'), ...options], { cwd: root, env });
  const without = [
    ...(hasTls ? [] : ['TLS: this build has none']),
    ...(hasCluster ? [] : ['clusters: they need Redis 7']),
  ];
  verdicts.push({ ok, line: `${ok ? 'ok      ' : 'FAILED  '} ${name} (${version})` });
  for (const what of without) verdicts.push({ ok: true, line: `SKIPPED  ${name}  tests of ${what}` });
}
