import { execFileSync } from 'node:child_process';
import { ROOT } from './harness/processes/repository.js';

/** Runs an expression with what scripts/licenses.mjs exports. */
function evaluate(expression: string): unknown {
  const program = `import * as licenses from './scripts/licenses.mjs'; console.log(JSON.stringify(${expression}))`;
  const options = { cwd: ROOT, encoding: 'utf8' } as const;
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', program], options));
}

describe('the supply chain', () => {
  it.each([
    ['MIT', true],
    ['(MIT OR GPL-3.0-only)', true],
    ['(MIT AND Zlib)', true],
    ['GPL-3.0-or-later', false],
    ['(MIT AND GPL-3.0-only)', false],
    ['(MIT AND (GPL-2.0-only OR AGPL-3.0-only))', false],
    ['SEE LICENSE IN file', false],
    ['UNLICENSED', false],
    ['none', false],
    ['', false],
  ])('may have a package under %s: %s', (expression, isAllowed) => {
    expect(evaluate(`licenses.isAllowed(${JSON.stringify(expression)})`)).toBe(isAllowed);
  });

  it('is read whole: every package that runs in production is among the installed ones', () => {
    const found = evaluate('licenses.installedPackages(process.cwd() + "/")') as { name: string; isRuntime: boolean }[];
    const runtime = found.filter(({ isRuntime }) => isRuntime).map(({ name }) => name);
    expect(runtime).toEqual(expect.arrayContaining(['socket.io', 'engine.io', 'ws', 'ioredis', 'undici']));
    expect(runtime).not.toContain('jest');
  });
});
