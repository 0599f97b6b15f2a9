import { writeFileSync } from 'node:fs';
import { machineProgram } from './machine-program.mjs';
import { cache } from './repository.mjs';

const FOLDER = 'chromium';

/**
 * The environment that names the Chromium for tests: `CHROMIUM_BIN`, with its libraries in `CHROMIUM_LD` and its list of
 * fonts in `CHROMIUM_FONTS`, both empty for an installed one. Where there is none and none can be fetched,
 * `CHROMIUM_MISSING` says why, and the tests in a browser are skipped with that reason.
 */
export async function chromiumSettings() {
  const { binary, reasons } = await machineProgram({
    names: ['chromium'],
    versionOption: '--version',
    // Chromium ends when it finds no font at all. Named packages are fetched also if the machine has them.
    packages: [['chromium', 'fonts-dejavu-core']],
    folder: FOLDER,
  });
  if (!binary) {
    return { CHROMIUM_MISSING: `no chromium found, and none could be fetched: ${reasons.join('; ').trim()}` };
  }
  return { CHROMIUM_BIN: binary.path, CHROMIUM_LD: binary.libraries, CHROMIUM_FONTS: binary.libraries && fonts() };
}

/** Debian's own list names folders below `/`. */
function fonts() {
  const file = cache(FOLDER, 'fonts.conf');
  const folders = ['/usr/share/fonts', cache(FOLDER, 'usr/share/fonts')].map((folder) => `<dir>${folder}</dir>`);
  writeFileSync(
    file,
    `<fontconfig>${folders.join('')}<cachedir>${cache(FOLDER, 'font-cache')}</cachedir></fontconfig>\n`,
  );
  return file;
}
