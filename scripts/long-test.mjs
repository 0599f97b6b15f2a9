import { install } from './install.mjs';
import { endOnInterruption } from './interruption.mjs';
import { redisSettings } from './jest.mjs';
import { run } from './processes.mjs';
import { redisBinary } from './redis-binary.mjs';
import { root, tool } from './repository.mjs';

/**
 * Runs tests that have a command of their own, against the built programs and a real Redis. The exit code is 0 if they passed.
 *
 * @param {string[]} tests options of jest that choose them
 * @param {Record<string, string>} defaults settings of the tests; the environment goes before them
 * @param {() => Promise<Record<string, string>>} more finds what else they need, and says where; it throws where that is missing
 */
export async function runLongTest(tests, defaults = {}, more = async () => ({})) {
  endOnInterruption();
  try {
    await install();
    const build = await run('npm', ['run', '--silent', 'build'], { cwd: root });
    if (!build.ok) throw new Error('FAILED  build');
    const env = { ...defaults, ...process.env, ...(await more()), ...redisSettings(await redisBinary()) };
    const { ok } = await run(process.execPath, [tool('jest/bin/jest.js'), ...tests], { cwd: root, env });
    process.exitCode = ok ? 0 : 1;
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}

/** The options for one file of the end-to-end tests. @param {string} file a pattern of its path */
export const endToEnd = (file) => ['--selectProjects', 'e2e', '--testPathPatterns', file];
