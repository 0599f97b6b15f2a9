import { accessSync, constants, existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { README_TICKET, runReadmeLines } from './fixtures/readme-lines.js';
import { OwnedProcess } from './harness/processes/owned-process.js';
import { freePort } from './harness/processes/ports.js';
import { ScriptRun } from './harness/processes/script-run.js';
import { SimulatorControl } from './harness/upstream/simulator-control.js';
import { until } from './harness/until.js';

/** Longest start, ms: it may install and build. */
const START_MS = 240_000;
const PATH = process.env['PATH'] ?? '';
const FOLDERS = PATH.split(delimiter).filter((folder) => existsSync(folder));
const HAS_CURL = FOLDERS.some((folder) => isExecutable(join(folder, 'curl')));
const TWO_MESSAGES = /event: message\ndata: \{.+\}\n\n[^]*event: message\n/;

/** `npm start`, and the line that it prints. */
describe('npm start', () => {
  let start: ScriptRun;
  let folder: string;

  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'pollcast-test-'))));
  afterEach(async () => {
    await start.kill();
    rmSync(folder, { recursive: true });
  });

  // The first name says what this machine has, so the result shows which line was tested.
  it.each([
    [`${HAS_CURL ? 'curl' : 'node'}, which this machine has,`, HAS_CURL ? 'curl' : 'node', () => PATH],
    ['node, where there is no curl,', 'node', () => pathWithout('curl', folder)],
  ])(
    "prints a line for %s that shows messages as they arrive, serves README's lines, and leaves nothing behind",
    async (_, command, path) => {
      const port = await freePort();
      const settings = { PORT: String(port), PATH: path() };
      start = new ScriptRun('start.mjs', settings);
      const line = await start.untilPrinted(/^(curl|node) .+$/m, START_MS);
      expect(line.split(' ')[0]).toBe(command);
      expect(line).toContain(`:${port}/`);
      expect(await outputOf(line, settings.PATH)).toContain('event: ready');
      expect(await shownByReadme(start.printed)).toBe('for those who read README.md');

      // At least a simulator, a worker and a gateway. Redis, too, unless REDIS_URL names one.
      expect(start.descendants.length).toBeGreaterThanOrEqual(3);
      expect(await start.end('SIGINT')).toBe(0);
    },
    START_MS + 60_000,
  );

  it(
    'ends in order at any instant of its start',
    async () => {
      const settings = { TMPDIR: folder, PORT: String(await freePort()) };
      const begin = async () => {
        start = new ScriptRun('start.mjs', settings);
        // With its first child, it also handles signals.
        await until(() => start.descendants.length > 0, START_MS, 'the script to begin');
        return Date.now();
      };
      const began = await begin();
      await start.untilPrinted(/is ready at/, START_MS);
      const startMs = Date.now() - began;
      expect(await start.end('SIGTERM')).toBe(0);

      const instants = [0, 0.4, 0.7, 0.9];
      for (const [index, instant] of instants.entries()) {
        await begin();
        await sleep(instant * startMs);
        const ending = await start.end(index % 2 === 0 ? 'SIGINT' : 'SIGTERM');
        expect([instant, ending, start.printed]).toEqual([instant, 0, expect.not.stringMatching(/error/i)]);
        expect(readdirSync(folder)).toEqual([]);
      }
    },
    START_MS + 120_000,
  );
});

/** Runs the lines of README.md with the printed address and token. @returns the first message that they show */
async function shownByReadme(printed: string): Promise<unknown> {
  const [, origin = '', token = ''] = /(http:\S+?)\/#token=([\w.-]+)/.exec(printed) ?? [];
  const [, simulator = ''] = /simulator at (http:\S+?)\/? \(/.exec(printed) ?? [];
  const shown: unknown[] = [];
  const client = runReadmeLines({ url: origin, token, show: ({ message }) => shown.push(message['content']) });
  try {
    await new SimulatorControl(simulator).post({ case_id: README_TICKET, content: 'for those who read README.md' });
    await until(() => shown.length > 0, 30_000, "the message that README's lines show");
    return shown[0];
  } finally {
    client.close();
  }
}

/** Makes a folder with links to every command on PATH except one. */
function pathWithout(command: string, folder: string): string {
  for (const name of new Set(FOLDERS.flatMap((each) => readdirSync(each)))) {
    const target = FOLDERS.map((each) => join(each, name)).find((path) => isExecutable(path));
    if (target !== undefined && name !== command) symlinkSync(target, join(folder, name));
  }
  return folder;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Runs exactly that line in a shell until it has shown two messages. */
async function outputOf(line: string, path: string): Promise<string> {
  const shell = new OwnedProcess('sh', ['-c', `exec ${line}`], { env: { PATH: path } });
  try {
    await until(
      () => TWO_MESSAGES.test(shell.stdout),
      30_000,
      () => `two messages; the line printed:\n${shell.stdout}\n${shell.stderr}`,
    );
    return shell.stdout;
  } finally {
    await shell.kill();
  }
}
