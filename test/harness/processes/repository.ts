import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Absolute path of the repository. The harness runs from its sources under jest, and from dist/ in benches. */
export const ROOT = findRoot(__dirname);

function findRoot(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error(`no package.json in ${__dirname} or above`);
  return findRoot(parent);
}
