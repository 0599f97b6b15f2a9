import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './repository.mjs';

/**
 * A lock file with download addresses binds every install to the registry of its author. `.npmrc` keeps them out. This
 * check finds them if npm was configured in another way.
 */
const lines = readFileSync(join(root, 'package-lock.json'), 'utf8').split('\n');
const tied = lines.flatMap((line, index) => (/"resolved": "(https?|git)/.test(line) ? [index + 1] : []));
if (tied.length > 0) {
  console.error(`package-lock.json names download addresses (first at line ${tied[0]}, ${tied.length} in all).`);
  console.error('Cure: npm install with the .npmrc of this repository.');
  process.exit(1);
}
