import { existsSync } from 'node:fs';
import { cp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './repository.mjs';

export const dist = join(root, 'dist');
export const buildInfo = '.tsbuildinfo';
/** The folders that tsconfig.build.json includes. */
const COMPILED = ['apps', 'libs', 'bench', 'test/harness', 'test/conformance', 'test/world'];

/** What console.mjs makes, and removes. */
const CONSOLE = 'apps/console/';

/** What dist/ is made from: `compiled` as the names of the JavaScript files, `assets` as they are. */
export async function sources() {
  const compiled = [];
  const assets = [];
  for (const path of (await Promise.all(COMPILED.map(files))).flat()) {
    if (/[.-]spec\.ts$|\.d\.ts$|^libs\/(?:testing|client)\/|^apps\/console\/|^apps\/[^/]+\/test\//.test(path)) continue;
    if (path.endsWith('.ts')) compiled.push(path.replace(/\.ts$/, '.js'));
    else if (/^(apps|libs)\/[^/]+\/(src|public)\//.test(path)) assets.push(path);
  }
  return { compiled, assets };
}

/** Removes the output of deleted and renamed sources: it would work on this machine and be missing on the next one. */
export async function removeStale({ compiled, assets }) {
  const expected = new Set([buildInfo, ...compiled.flatMap((path) => [path, `${path}.map`]), ...assets]);
  for (const path of await files('dist')) {
    const source = path.slice('dist/'.length);
    if (source.startsWith(CONSOLE)) continue;
    if (!expected.has(source)) await rm(join(dist, source), { force: true });
  }
}

/**
 * Copies the files that are not TypeScript. Resolves with whether any had changed. Programs may start from dist/ at
 * this moment, so a file that has not changed is not written.
 */
export async function copyAssets({ assets }) {
  let copied = false;
  for (const path of assets) {
    const [from, to] = [join(root, path), join(dist, path)];
    if (existsSync(to) && (await readFile(from)).equals(await readFile(to))) continue;
    await cp(from, to);
    copied = true;
  }
  return copied;
}

async function files(folder) {
  if (!existsSync(join(root, folder))) return [];
  const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(root.length));
}
