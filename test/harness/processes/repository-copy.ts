import { appendFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ROOT } from './repository.js';

/** The sources of the programs. */
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
/** Folders that are shared by a link, because nothing writes to them. */
const SHARED = ['node_modules', '.cache/redis'];

/** A copy of the sources in a temporary folder, for tests that change them. */
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
