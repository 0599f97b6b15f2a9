import { install } from './install.mjs';
import { endOnInterruption } from './interruption.mjs';
import { redisSettings } from './jest.mjs';
import { run } from './processes.mjs';
import { redisBinary } from './redis-binary.mjs';
import { root, tool } from './repository.mjs';

/**
 * Runs one end-to-end test by itself, for as long as its settings say, against the built programs. The exit code is 0 if
 * it passed.
 *
 * @param {string} file the test file, a pattern of its path
 * @param {Record<string, string>} defaults settings of the test; the environment goes before them
 */
export async function runLongTest(file, defaults) {
  endOnInterruption();
  try {
    await install();
    const build = await run('npm', ['run', '--silent', 'build'], { cwd: root });
    if (!build.ok) throw new Error('FAILED  build');
    const redis = await redisBinary();
    const env = { ...defaults, ...process.env, ...redisSettings(redis) };
    const jest = [tool('jest/bin/jest.js'), '--selectProjects', 'e2e', '--testPathPatterns', file];
    const { ok } = await run(process.execPath, jest, { cwd: root, env });
    process.exitCode = ok ? 0 : 1;
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
