import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { buildInfo, copyAssets, dist, removeStale, sources } from './dist.mjs';
import { run } from './processes.mjs';
import { root, tool } from './repository.mjs';

/**
 * Compiles into dist/ and lays what is not TypeScript (Lua scripts, pages) beside the compiled code, at the path it
 * has in the sources: code finds its files relative to itself, the same way under jest and in production.
 */
const made = await sources();
await removeStale(made);
// An incremental tsc trusts its build info and would not write a missing file again.
if (!made.compiled.every((path) => existsSync(join(dist, path)))) await rm(join(dist, buildInfo), { force: true });
const { ok } = await run(process.execPath, [tool('typescript/bin/tsc'), '-p', 'tsconfig.build.json'], { cwd: root });
if (!ok) process.exit(1);
await copyAssets(made);
