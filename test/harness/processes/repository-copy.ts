import { appendFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ROOT } from './repository.js';

/** What the programs are built from. */
const SOURCES = [
  'apps',
  'libs',
  'scripts',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'nest-cli.json',
];
/** What was installed and fetched once, and is only read. */
const SHARED = ['node_modules', '.cache/redis'];

/** The sources in a temporary folder, for tests that change them. */
export class RepositoryCopy {
  readonly root = mkdtempSync(join(tmpdir(), 'pollcast-copy-'));

  constructor() {
    for (const name of SOURCES) cpSync(join(ROOT, name), join(this.root, name), { recursive: true });
    mkdirSync(join(this.root, '.cache'));
    for (const name of SHARED.filter((each) => existsSync(join(ROOT, each)))) {
      symlinkSync(join(ROOT, name), join(this.root, name));
    }
  }

  append(path: string, text: string): void {
    appendFileSync(join(this.root, path), text);
  }

  remove(): void {
    rmSync(this.root, { recursive: true });
  }
}
