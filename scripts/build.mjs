import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { buildConsole } from './console.mjs';
import { buildInfo, copyAssets, dist, removeStale, sources } from './dist.mjs';
import { run } from './processes.mjs';
import { cache, root, tool } from './repository.mjs';

/**
 * Compiles into dist/, copies other files (Lua scripts, pages) to the same paths there, and builds the console. So code finds its files
 * relative to itself, under jest and in production.
 */
const made = await sources();
await removeStale(made);
// An incremental tsc relies on its build info and does not write a missing file again.
if (!made.compiled.every((path) => existsSync(join(dist, path)))) await rm(join(dist, buildInfo), { force: true });
// Since Node 22 tsc keeps its compiled code, in the system's temporary folder unless it is told where.
const env = { ...process.env, NODE_COMPILE_CACHE: cache('node') };
const { ok } = await run(process.execPath, [tool('typescript/bin/tsc'), '-p', 'tsconfig.build.json'], {
  cwd: root,
  env,
});
if (!ok) process.exit(1);
await copyAssets(made);
await buildConsole();
