import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { dist } from './dist.mjs';
import { root } from './repository.mjs';

const REQUIRED = /\b(?:require|import)\(["']([.#][^"']+)["']\)/g;
/** The folder of an app or a library, within dist/. */
const PACKAGE = /^(apps|libs)\/[^/]+\//;

/**
 * The files of a built program: each file of dist/ that it loads, at its start or later, by name, with a digest of its
 * content. If it loads a file of a package, it counts as reading all files of that package that are not JavaScript.
 */
export function programFiles(name) {
  const files = new Map();
  const { imports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const waiting = [join(dist, 'apps', name, 'src/main.js')];
  for (let file = waiting.pop(); file; file = waiting.pop()) {
    if (files.has(nameOf(file))) continue;
    const code = readFileSync(file);
    files.set(nameOf(file), digest(code));
    for (const [, required] of code.toString().matchAll(REQUIRED)) {
      waiting.push(required.startsWith('#') ? join(root, imports[required].default) : join(dirname(file), required));
    }
  }
  for (const folder of new Set([...files.keys()].map((file) => PACKAGE.exec(file)?.[0]))) {
    for (const file of assetsIn(join(dist, folder))) files.set(nameOf(file), digest(readFileSync(file)));
  }
  return files;
}

/** The names of files that were added, removed or changed. */
export function differences(before, after) {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => before.get(name) !== after.get(name));
}

function assetsIn(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !/\.js(\.map)?$/.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

const nameOf = (file) => relative(dist, file);
const digest = (content) => createHash('sha256').update(content).digest('base64');
