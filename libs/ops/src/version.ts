import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The version of this program: the one of the nearest package.json above the code. For the sources and for the build
 * this is the repository's own.
 *
 * @throws {Error} if there is none
 */
export function programVersion(folder: string = __dirname): string {
  const file = join(folder, 'package.json');
  if (existsSync(file)) {
    return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
  }
  const parent = dirname(folder);
  if (parent === folder) {
    throw new Error(`no package.json in ${__dirname} or above`);
  }
  return programVersion(parent);
}
