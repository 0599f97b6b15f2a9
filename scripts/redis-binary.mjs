import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { unpackPackages } from './apt-package.mjs';
import { run } from './processes.mjs';
import { cache } from './repository.mjs';

const NAMES = ['redis-server', 'valkey-server'];
const PACKAGES = [
  ['redis-server', 'redis-tools'],
  ['valkey-server', 'valkey-tools'],
];
const folder = cache('redis');

/**
 * A Redis server that runs on this machine, as `{ path, libraries }`: `libraries` is the LD_LIBRARY_PATH that it needs,
 * or empty. It is looked for on PATH, then in .cache, and is fetched otherwise.
 */
export async function redisBinary() {
  const found = (await onPath()) ?? (await fetched());
  if (found) return found;
  console.log('No redis-server here: fetching one into .cache/redis');
  const reasons = [];
  for (const names of PACKAGES) {
    const reason = await unpackPackages(names, folder);
    const binary = reason ? null : await fetched();
    if (binary) return binary;
    reasons.push(`  ${names[0]}: ${reason ?? 'fetched, but it does not start'}`);
  }
  throw new Error(
    [
      'No Redis server found, and none could be fetched:',
      ...reasons,
      'Three ways out:',
      '  1. install redis-server (or valkey-server) so that it is on PATH;',
      '  2. set REDIS_URL to a running Redis (for npm start; npm test needs a server it can kill);',
      '  3. on Debian or Ubuntu, make apt-get work: it needs reachable package sources, not root.',
    ].join('\n'),
  );
}

async function onPath() {
  const directories = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  for (const path of directories.flatMap((directory) => NAMES.map((name) => join(directory, name)))) {
    const binary = { path, libraries: '' };
    if (await starts(binary)) return binary;
  }
  return null;
}

async function fetched() {
  const libraries = (await Promise.all(['usr/lib', 'lib'].map((lib) => libraryFolders(join(folder, lib))))).flat();
  for (const name of NAMES) {
    const binary = { path: join(folder, 'usr/bin', name), libraries: libraries.join(delimiter) };
    if (await starts(binary)) return binary;
  }
  return null;
}

/** Debian keeps libraries in one folder per architecture: usr/lib/x86_64-linux-gnu. */
async function libraryFolders(lib) {
  if (!existsSync(lib)) return [];
  const entries = await readdir(lib, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && entry.name.includes('-linux-'))
    .map(({ name }) => join(lib, name));
}

async function starts({ path, libraries }) {
  if (!existsSync(path)) return false;
  const env = redisEnvironment(libraries);
  const notExecutable = () => ({ ok: false });
  const { ok } = await run(path, ['--version'], { capture: true, env }).catch(notExecutable);
  return ok;
}

export const redisEnvironment = (libraries) =>
  libraries ? { ...process.env, LD_LIBRARY_PATH: libraries } : process.env;
