import { runLongTest } from './long-test.mjs';
import { machineProgram } from './machine-program.mjs';

/**
 * `npm run test:scaling`: what the chart's autoscaler of workers asks for while one worker is idle, while it is overloaded, and
 * after three more came, with real metrics in a real Prometheus. It takes four minutes, and prints each value.
 */
await runLongTest(['--selectProjects', 'scaling'], {}, prometheus);

async function prometheus() {
  const { binary, reasons } = await machineProgram({
    names: ['prometheus'],
    versionOption: '--version',
    packages: [['prometheus']],
    folder: 'prometheus',
  });
  if (!binary) throw new Error(`no Prometheus found, and none could be fetched:\n${reasons.join('\n')}`);
  return { PROMETHEUS_BIN: binary.path, PROMETHEUS_LD: binary.libraries };
}
