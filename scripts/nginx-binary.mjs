import { machineProgram } from './machine-program.mjs';

/**
 * The environment that names the nginx for tests: `NGINX_BIN`, with its libraries in `NGINX_LD`. Where there is none and
 * none can be fetched, `NGINX_MISSING` says why, and the tests behind nginx are skipped with that reason.
 */
export async function nginxSettings() {
  const { binary, reasons } = await machineProgram({
    names: ['nginx'],
    versionOption: '-v',
    packages: [['nginx']],
    folder: 'nginx',
  });
  if (binary) return { NGINX_BIN: binary.path, NGINX_LD: binary.libraries };
  return { NGINX_MISSING: `no nginx found, and none could be fetched: ${reasons.join('; ').trim()}` };
}
