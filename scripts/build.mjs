import { existsSync } from 'node:fs';
import { cp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './processes.mjs';
import { root, tool } from './repository.mjs';

/**
 * Compiles into dist/ and lays what is not TypeScript (Lua scripts, pages) beside the compiled code, at the path it
 * has in the sources: code finds its files relative to itself, the same way under jest and in production.
 */
const dist = join(root, 'dist');
const buildInfo = '.tsbuildinfo';
/** The folders that tsconfig.build.json includes. */
const COMPILED = ['apps', 'libs', 'bench', 'test/harness', 'test/conformance'];
const { compiled, assets } = await sources();
const expected = new Set([buildInfo, ...compiled.flatMap((path) => [path, `${path}.map`]), ...assets]);

await removeStale();
// An incremental tsc trusts its build info and would not write a missing file again.
if (!compiled.every((path) => existsSync(join(dist, path)))) await rm(join(dist, buildInfo), { force: true });
const { ok } = await run(process.execPath, [tool('typescript/bin/tsc'), '-p', 'tsconfig.build.json'], { cwd: root });
if (!ok) process.exit(1);
for (const path of assets) await copyIfChanged(join(root, path), join(dist, path));

async function sources() {
  const compiled = [];
  const assets = [];
  for (const path of (await Promise.all(COMPILED.map(files))).flat()) {
    if (/\.spec\.ts$|\.d\.ts$|^libs\/testing\/|^apps\/[^/]+\/test\//.test(path)) continue;
    if (path.endsWith('.ts')) compiled.push(path.replace(/\.ts$/, '.js'));
    else if (/^(apps|libs)\/[^/]+\/(src|public)\//.test(path)) assets.push(path);
  }
  return { compiled, assets };
}

/** Programs may be starting from dist/ at this moment: a file that is right is not touched. */
async function copyIfChanged(from, to) {
  if (!existsSync(to) || !(await readFile(from)).equals(await readFile(to))) await cp(from, to);
}

/** The output of a deleted or renamed source would go on working here and be missing on the next machine. */
async function removeStale() {
  for (const path of await files('dist')) {
    const source = path.slice('dist/'.length);
    if (!expected.has(source)) await rm(join(dist, source));
  }
}

async function files(folder) {
  if (!existsSync(join(root, folder))) return [];
  const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(root.length));
}
