import { install } from './install.mjs';
import { endOnInterruption } from './interruption.mjs';
import { redisSettings } from './jest.mjs';
import { run } from './processes.mjs';
import { redisBinary } from './redis-binary.mjs';
import { root, tool } from './repository.mjs';

/**
 * `npm run test:fuzz`: bad input at every door for `FUZZ_MINUTES` (5 unless set), drawn by `FUZZ_SEED` (any unless set).
 * The seed and what was wrong are printed; exits non-zero unless all is well.
 */
const MINUTES = '5';

endOnInterruption();
try {
  await install();
  const build = await run('npm', ['run', '--silent', 'build'], { cwd: root });
  if (!build.ok) throw new Error('FAILED  build');
  const redis = await redisBinary();
  const env = { FUZZ_MINUTES: MINUTES, ...process.env };
  const jest = [tool('jest/bin/jest.js'), '--selectProjects', 'e2e', '--testPathPatterns', 'test/fuzz.e2e-spec'];
  const { ok } = await run(process.execPath, jest, { cwd: root, env: { ...env, ...redisSettings(redis) } });
  process.exitCode = ok ? 0 : 1;
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
