import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { alive, descendantsOf } from './harness/processes/descendants.js';
import { freePort } from './harness/processes/ports.js';
import { ROOT } from './harness/processes/repository.js';
import { until } from './harness/until.js';

/** Long enough (ms) to install and to build, where that was not done before. */
const START_MS = 240_000;

/** The first thing that anybody does with the project: start it, and paste the line that it prints. */
describe('npm start', () => {
  it(
    'prints a line that shows messages as they arrive, and leaves nothing behind',
    async () => {
      const port = await freePort();
      const env = { ...process.env, PORT: String(port), NODE_ENV: '' };
      const start = spawn(process.execPath, [join(ROOT, 'scripts/start.mjs')], { cwd: ROOT, env, stdio: 'pipe' });
      // A jest that ends early must not leave a whole deployment behind; asked to end, the script takes it along.
      const abandon = () => start.kill('SIGTERM');
      process.once('exit', abandon);
      let printed = '';
      [start.stdout, start.stderr].forEach((stream) =>
        stream.setEncoding('utf8').on('data', (text: string) => (printed += text)),
      );
      const ended = once(start, 'close');
      let programs: number[] = [];
      try {
        const line = await until(
          () => start.exitCode !== null || /^curl .+$/m.exec(printed)?.[0],
          START_MS,
          () => `a line to paste; printed so far:\n${printed}`,
        );
        if (line === true) throw new Error(`it ended by itself:\n${printed}`);
        expect(line).toContain(`:${port}/`);
        expect(await outputOf(line, /event: message\ndata: \{.+\}\n\n[^]*event: message\n/)).toContain('event: ready');

        programs = descendantsOf(start.pid ?? 0);
        // A simulator, a worker and a gateway at least; Redis unless there was one.
        expect(programs.length).toBeGreaterThanOrEqual(3);
        start.kill('SIGINT');
        const [code] = await ended;
        expect(code).toBe(0);
        await until(
          () => alive(programs).length === 0,
          5000,
          () => `processes to end: ${alive(programs).join(' ')}`,
        );
      } finally {
        start.kill('SIGKILL');
        alive(programs).forEach((pid) => process.kill(pid, 'SIGKILL'));
      }
    },
    START_MS + 60_000,
  );
});

/** Runs a line in a shell, as a person would, until its output matches. */
async function outputOf(line: string, pattern: RegExp): Promise<string> {
  const shell = spawn('sh', ['-c', `exec ${line}`], { stdio: ['ignore', 'pipe', 'ignore'] });
  let output = '';
  shell.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  try {
    await until(
      () => pattern.test(output),
      30_000,
      () => `two messages; the line printed:\n${output}`,
    );
    return output;
  } finally {
    shell.kill('SIGKILL');
  }
}
