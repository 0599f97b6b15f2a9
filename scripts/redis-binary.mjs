import { machineProgram } from './machine-program.mjs';

/**
 * A Redis server that runs on this machine: the one that `REDIS_SERVER_BIN` names. Without it, one is looked for on PATH and in .cache, and
 * fetched where there is none.
 */
export async function redisBinary() {
  const { REDIS_SERVER_BIN: path, REDIS_SERVER_LD: libraries = '' } = process.env;
  if (path) return { path, libraries };
  const { binary, reasons } = await machineProgram({
    names: ['redis-server', 'valkey-server'],
    versionOption: '--version',
    packages: [
      ['redis-server', 'redis-tools'],
      ['valkey-server', 'valkey-tools'],
    ],
    folder: 'redis',
  });
  if (binary) return binary;
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
