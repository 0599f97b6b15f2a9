import { join } from 'node:path';

import { OwnedProcess } from './harness/processes/owned-process.js';
import { freePort } from './harness/processes/ports.js';
import { ROOT } from './harness/processes/repository.js';
import { ScriptRun } from './harness/processes/script-run.js';
import { requirementIds } from './conformance/requirements.js';
import { BreakingProxy } from './fixtures/breaking-proxy.js';

/** Long enough (ms) to install and to build, where that was not done before. */
const START_MS = 240_000;
const SCRIPT = 'scripts/conformance.mjs';
const BUILT = 'dist/test/conformance/main.js';
const LINE = /^([A-Z]\d+) +(PASS|FAIL|not applicable) +(\d+\.\d s)?/;

/** The command against `npm start`, which stands for the gateway of another author. */
describe('npm run conformance', () => {
  let start: ScriptRun;
  let gateway = '';
  let simulator = '';
  let token = '';

  beforeAll(async () => {
    // Shorter than by default, because this test waits for every poll.
    const pace = { POLL_INTERVAL_MS: '300', POLL_INTERVAL_MAX_MS: '300' };
    start = new ScriptRun('start.mjs', { PORT: String(await freePort()), ...pace });
    const printed = (pattern: RegExp) => start.untilPrinted(pattern, START_MS);
    gateway = await printed(/(?<=ready at )\S+/);
    simulator = await printed(/(?<=simulator at )\S+/);
    token = await printed(/(?<=Bearer )[\w.-]+/);
  }, START_MS);
  afterAll(() => start.end('SIGINT'), START_MS);

  /** @param file the script of npm, or the file that it has built */
  async function conformance(file: string, ...args: string[]) {
    const run = new OwnedProcess(process.execPath, [join(ROOT, file), ...args], {
      env: { PATH: process.env['PATH'] ?? '' },
    });
    return { ending: await run.ending, printed: run.stdout + run.stderr };
  }

  it('passes at a correct gateway, and prints a line for each requirement', async () => {
    const { ending, printed } = await conformance(SCRIPT, ...at(gateway, simulator), '--token', token);
    const lines = printed.split('\n').flatMap((line) => [LINE.exec(line) ?? []].filter(({ length }) => length > 0));
    expect([ending, printed]).toEqual([
      0,
      expect.stringMatching(/^[1-9]\d* passed, 0 failed, [1-9]\d* not applicable$/m),
    ]);
    expect(lines.map(([, id]) => id)).toEqual(requirementIds());
    expect(lines.filter(([, , verdict, time]) => (verdict === 'PASS') !== (time !== undefined))).toEqual([]);
    expect(printed).toMatch(/^A5 +not applicable +needs tokens of its own: give --secret$/m);
    expect(printed).toMatch(/^R9 +not applicable +needs the deployment's own harness: the store is restarted$/m);
  }, 180_000);

  it('fails at a wrong gateway, and names the requirement', async () => {
    const proxy = await BreakingProxy.to(
      gateway,
      () => (block) => block.replace(/^id: .*\nevent: message/m, 'event: message'),
    );
    const where = [...at(proxy.url, simulator), '--token', token];
    const { ending, printed } = await conformance(BUILT, ...where, '--only', 'S3,X2');
    await proxy.close();
    expect([ending, printed]).toEqual([1, expect.stringMatching(/^1 passed, 1 failed, 0 not applicable$/m)]);
    expect(printed).toMatch(/^S3 +FAIL +\d+\.\d s {2}S3: message, status and ready have an id line/m);
    expect(printed).toMatch(/^X2 +PASS /m);
  }, 60_000);

  it.each([
    ['without an address', () => ['--token', token], /--url and --control are missing[^]*npm run conformance -- --url/],
    ['without a token', () => at(gateway, simulator), /give a secret, or a token/],
    [
      'with an unknown requirement',
      () => [...at(gateway, simulator), '--token', token, '--only', 'E99'],
      /no requirement E99/,
    ],
    [
      'where no simulator answers',
      () => [...at(gateway, 'http://127.0.0.1:1'), '--token', token],
      /no simulator answers/,
    ],
    [
      'where no gateway answers',
      () => [...at('http://127.0.0.1:1', simulator), '--token', token],
      /no stream from the gateway/,
    ],
  ])(
    'cannot be used %s, and says why',
    async (_what, args, why) => {
      expect(await conformance(BUILT, ...args())).toEqual({ ending: 2, printed: expect.stringMatching(why) });
    },
    60_000,
  );
});

const at = (gateway: string, simulator: string) => ['--url', gateway, '--control', simulator];
