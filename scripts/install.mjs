import { createHash } from 'node:crypto';
import { lstat, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkNodeVersion } from './node-version.mjs';
import { run } from './processes.mjs';
import { root, tool } from './repository.mjs';

const stampFile = tool('.pollcast-stamp');

/**
 * Checks the Node version, and installs the locked dependencies unless exactly these are installed already. A stamp
 * file in node_modules shows that. It names the platform, because npm chooses native packages by it. It does not name
 * the Node version: no install compiles anything (`allowScripts` in package.json), so every version gets the same
 * files. `npm ci` deletes the stamp first, so an interrupted install never looks finished.
 */
export async function install() {
  checkNodeVersion();
  // A linked folder belongs to another working tree, and `npm ci` would empty it while it is in use.
  if ((await lstat(tool('')).catch(() => null))?.isSymbolicLink()) return;
  const stamp = await wantedStamp();
  if ((await readFile(stampFile, 'utf8').catch(() => '')) === stamp) return;
  console.log('Installing dependencies (npm ci)');
  // NODE_ENV=production in the caller's environment would leave out the compiler.
  const { ok } = await run('npm', ['ci', '--include=dev'], { cwd: root });
  if (!ok) throw new Error('npm ci failed');
  await writeFile(stampFile, stamp);
}

async function wantedStamp() {
  const lock = await readFile(join(root, 'package-lock.json'));
  return `${createHash('sha256').update(lock).digest('hex')} ${process.platform}-${process.arch}\n`;
}
