import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Demo, GRACE_MS } from './demo.mjs';
import { Deployment } from './deployment.mjs';
import { install } from './install.mjs';
import { interruption } from './interruption.mjs';
import { killEverything, run } from './processes.mjs';
import { root } from './repository.mjs';

/**
 * `npm start`: the whole of Pollcast on one machine, against the simulator, with nothing needed beforehand but node.
 */
let folder;
const removeFolder = () => folder && rmSync(folder, { recursive: true, force: true });
// First of all, so that it ends in order whenever it is interrupted.
const interrupted = interruption(removeFolder);
folder = mkdtempSync(join(tmpdir(), 'pollcast-'));
let broken;
const anEnd = new Promise((_, reject) => (broken = reject));
const deployment = new Deployment({ folder, graceMs: GRACE_MS, onEnd: broken });

let exitCode = 0;
try {
  await Promise.race([interrupted, anEnd, startAll().then(() => anEnd)]);
} catch (error) {
  console.error(error.message);
  exitCode = 1;
}
await deployment.stop();
killEverything(); // an interrupted install or build
removeFolder();
process.exit(exitCode);

async function startAll() {
  await install();
  const build = await run(process.execPath, [join(root, 'scripts/build.mjs')]);
  if (!build.ok) throw new Error('the build failed');
  const demo = new Demo(deployment, folder);
  await demo.start();
  console.log(demo.introduction());
}
