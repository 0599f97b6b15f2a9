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
 * Installs, builds and starts the whole of Pollcast, prints how to use it, and runs until an interruption or a failure.
 * Then it ends everything, this process included: with 0 after an interruption, else with 1.
 *
 * - `logs`: the folder of the programs' logs
 * - `whenReady(run)`: called once all programs run
 * - `until`: a promise that ends the run in order, for scripts; by default nothing does
 * - `onEnd(error, name, run)`: called when a program ends by itself; by default that ends the run
 *
 * A run has a `demo`, a `deployment`, `fail(error)`, which ends the run, and `isEnding`.
 */
export async function runDemo({
  logs,
  whenReady = () => undefined,
  until = new Promise(() => undefined),
  onEnd = (error, _, { fail }) => fail(error),
}) {
  let folder;
  const removeFolder = () => folder && rmSync(folder, { recursive: true, force: true });
  // This comes first, so that the run ends in order at any instant.
  const interrupted = interruption(removeFolder);
  folder = mkdtempSync(join(tmpdir(), 'pollcast-'));

  const current = { isEnding: false };
  const broken = new Promise((_, reject) => (current.fail = reject));
  const deployment = new Deployment({ folder, graceMs: GRACE_MS, onEnd: (error, name) => onEnd(error, name, current) });
  const demo = new Demo(deployment, { folder, logs });
  Object.assign(current, { demo, deployment });

  let exitCode = 0;
  try {
    await Promise.race([interrupted, broken, until, startAll(demo).then(() => (whenReady(current), broken))]);
  } catch (error) {
    console.error(error.message);
    exitCode = 1;
  }
  current.isEnding = true;
  await deployment.stop();
  killEverything(); // an interrupted install or build, a compiler
  removeFolder();
  process.exit(exitCode);
}

async function startAll(demo) {
  await install();
  const build = await run(process.execPath, [join(root, 'scripts/build.mjs')]);
  if (!build.ok) throw new Error('the build failed');
  await demo.start();
  console.log(demo.introduction());
}
