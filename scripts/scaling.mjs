import { install } from './install.mjs';
import { endOnInterruption } from './interruption.mjs';
import { redisSettings } from './jest.mjs';
import { machineProgram } from './machine-program.mjs';
import { run } from './processes.mjs';
import { redisBinary } from './redis-binary.mjs';
import { root, tool } from './repository.mjs';

/**
 * `npm run test:scaling`: what the chart's autoscaler of workers asks for while one worker is idle, while it is overloaded, and
 * after three more came, with real metrics in a real Prometheus. It takes four minutes, and prints each value.
 */
endOnInterruption();
try {
  await install();
  const build = await run('npm', ['run', '--silent', 'build'], { cwd: root });
  if (!build.ok) throw new Error('FAILED  build');
  const { binary, reasons } = await machineProgram({
    names: ['prometheus'],
    versionOption: '--version',
    packages: [['prometheus']],
    folder: 'prometheus',
  });
  if (!binary) throw new Error(`no Prometheus found, and none could be fetched:\n${reasons.join('\n')}`);
  const redis = await redisBinary();
  const found = { PROMETHEUS_BIN: binary.path, PROMETHEUS_LD: binary.libraries };
  const env = { ...process.env, ...redisSettings(redis), ...found };
  const { ok } = await run(process.execPath, [tool('jest/bin/jest.js'), '--selectProjects', 'scaling'], {
    cwd: root,
    env,
  });
  process.exitCode = ok ? 0 : 1;
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
