import { machineProgram } from './machine-program.mjs';

/** A Redis server that runs on this machine. It is looked for on PATH, then in .cache, and is fetched otherwise. */
export async function redisBinary() {
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
