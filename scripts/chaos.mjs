import { install } from './install.mjs';
import { endOnInterruption } from './interruption.mjs';
import { redisSettings } from './jest.mjs';
import { run } from './processes.mjs';
import { redisBinary } from './redis-binary.mjs';
import { root, tool } from './repository.mjs';

/**
 * `npm run test:chaos`: faults of every kind for `CHAOS_MINUTES` (15 unless set), drawn by `CHAOS_SEED` (any unless
 * set). The seed, the faults, the recovery times and the verdict are printed; exits non-zero unless all is well.
 */
const MINUTES = '15';

endOnInterruption();
try {
  await install();
  const build = await run('npm', ['run', '--silent', 'build'], { cwd: root });
  if (!build.ok) throw new Error('FAILED  build');
  const redis = await redisBinary();
  const env = { CHAOS_MINUTES: MINUTES, ...process.env };
  const jest = [tool('jest/bin/jest.js'), '--selectProjects', 'e2e', '--testPathPatterns', 'test/chaos.e2e-spec'];
  const { ok } = await run(process.execPath, jest, { cwd: root, env: { ...env, ...redisSettings(redis) } });
  process.exitCode = ok ? 0 : 1;
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
