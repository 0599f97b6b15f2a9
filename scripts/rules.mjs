import { machineProgram, programEnvironment } from './machine-program.mjs';
import { run } from './processes.mjs';
import { root } from './repository.mjs';

/**
 * `npm run test:rules`: checks the alerts and the SLO in deploy/prometheus, and drives each of them, with promtool. It is on
 * PATH, or comes with Debian's package `prometheus` (320 MB unpacked, so `npm test` does without it).
 */
const { binary, reasons } = await machineProgram({
  names: ['promtool'],
  versionOption: '--version',
  packages: [['prometheus']],
  folder: 'prometheus',
});
if (!binary) {
  console.error(`no promtool found, and none could be fetched:\n${reasons.join('\n')}`);
  process.exit(1);
}
const promtool = async (...args) => {
  const options = { cwd: `${root}/deploy/prometheus`, env: programEnvironment(binary.libraries) };
  const { ok } = await run(binary.path, args, options);
  if (!ok) process.exit(1);
};
await promtool('check', 'rules', 'rules.yml', 'slo.yml');
await promtool('test', 'rules', 'rules.test.yml');
