import { runLongTest } from './long-test.mjs';
import { machineProgram } from './machine-program.mjs';

/**
 * `npm run test:scaling`: how fast one worker that becomes four heals an overload, what each worker has of its equal share while workers
 * come, die and stand still, what the chart's autoscaler asks for (with real metrics in a real Prometheus), and what tickets, sets and
 * polls cost. It takes seventeen minutes, prints each figure, and fails where one is missed. `npm run test:scaling -- shares` runs one file.
 */
const files = process.argv.slice(2);
const chosen = files.length > 0 ? ['--testPathPatterns', ...files] : [];
await runLongTest(['--selectProjects', 'scaling', '--runInBand', ...chosen], {}, prometheus);

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
