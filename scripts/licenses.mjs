import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Licences under which a package may be used here, by their SPDX ids. All of them allow use in other works. */
const ALLOWED = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'CC-BY-4.0',
  'ISC',
  'MIT',
  'MIT-0',
  // For the files that have it, not for the works that use them.
  'MPL-2.0',
  'PSF-2.0',
  'Python-2.0',
  'Unlicense',
  'WTFPL',
  'Zlib',
]);

/**
 * The locked packages that are installed, with their licences. Packages for other platforms are not installed.
 *
 * @param root folder with `package-lock.json` and `node_modules`
 * @returns {{ name: string, version: string, license: string, isRuntime: boolean }[]}
 */
export function installedPackages(root) {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  return Object.entries(packages).flatMap(([path, { dev, optional, devOptional }]) => {
    const file = join(root, path, 'package.json');
    if (path === '' || !existsSync(file)) return [];
    const { name, version, license, licenses } = JSON.parse(readFileSync(file, 'utf8'));
    const isRuntime = !dev && !devOptional && !optional;
    return [{ name, version, license: expressionOf(license ?? licenses), isRuntime }];
  });
}

/** A licence field as one SPDX expression. Old packages have objects, or lists of alternatives. */
function expressionOf(field) {
  if (Array.isArray(field)) return field.map(expressionOf).join(' OR ');
  if (typeof field === 'object' && field !== null) return String(field.type);
  return typeof field === 'string' ? field : 'none';
}

/** Whether an SPDX expression can be met with {@link ALLOWED}: one side of each OR, both sides of each AND. */
export function isAllowed(expression) {
  const text = expression.trim();
  const inner = /^\(([^()]*)\)$/.exec(text)?.[1] ?? text;
  if (/[()]/.test(inner)) return false; // Nested ones are for a person to read.
  return inner.split(/ OR /i).some((side) => side.split(/ AND /i).every((id) => ALLOWED.has(id.trim())));
}

/** How many packages have each licence, the most frequent first: `540 MIT, 61 ISC`. */
export function summary(packages) {
  const counts = new Map();
  packages.forEach(({ license }) => counts.set(license, (counts.get(license) ?? 0) + 1));
  const sorted = [...counts].sort(([, one], [, other]) => other - one);
  return sorted.map(([license, count]) => `${count} ${license}`).join(', ');
}
