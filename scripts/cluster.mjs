import { install } from './install.mjs';
import { endOnInterruption } from './interruption.mjs';
import { redisSettings } from './jest.mjs';
import { run } from './processes.mjs';
import { redisBinary } from './redis-binary.mjs';
import { root, tool } from './repository.mjs';

/**
 * `npm run test:cluster`: a Redis Cluster of three masters and three replicas, whose slots move and whose masters are killed
 * while messages flow. Each step says for how long no message arrived; exits non-zero unless all is well.
 */
endOnInterruption();
try {
  await install();
  const build = await run('npm', ['run', '--silent', 'build'], { cwd: root });
  if (!build.ok) throw new Error('FAILED  build');
  const redis = await redisBinary();
  const jest = [tool('jest/bin/jest.js'), '--selectProjects', 'cluster', '--runInBand'];
  const env = { ...process.env, ...redisSettings(redis) };
  const { ok } = await run(process.execPath, jest, { cwd: root, env });
  process.exitCode = ok ? 0 : 1;
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
