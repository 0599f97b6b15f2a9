import { OwnedProcess } from './owned-process.js';

/** Starts a process that outlives it and holds its output, says its pid, and ends. */
const LEAVES_A_CHILD = `
  const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
    stdio: 'inherit',
    detached: true,
  });
  console.log(child.pid);
  child.unref();
  process.exitCode = 3;
`;

describe('OwnedProcess', () => {
  it('ends although a process that it started holds its output', async () => {
    const owned = new OwnedProcess(process.execPath, ['-e', LEAVES_A_CHILD], { env: {} });
    expect(await owned.ending).toBe(3);
    const child = Number(owned.stdout);
    expect(child).toBeGreaterThan(0);
    process.kill(child, 'SIGKILL');
  });
});
