import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './repository.mjs';

/**
 * Throws if Node is older than the oldest version in `engines`. Warns if `engines` leaves the version out, because it
 * is not tested. Reads the two forms that occur there: `^a.b.c` and `>=a.b.c`, joined by `||`.
 */
export function checkNodeVersion(version = process.versions.node) {
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const ranges = engines.node.split('||').map((range) => /^(\^|>=)([\d.]+)$/.exec(range.trim()).slice(1));
  const isWithin = ([kind, least]) =>
    compare(version, least) >= 0 && (kind === '>=' || numbers(version)[0] === numbers(least)[0]);
  if (ranges.some(isWithin)) return;
  const what = `Pollcast supports Node ${engines.node}, and this is ${version}`;
  if (ranges.every(([, least]) => compare(version, least) < 0)) throw new Error(`${what}.`);
  console.warn(`${what}: it is not tested.`);
}

const numbers = (version) => version.split('.').map(Number);

function compare(one, other) {
  const [a, b] = [numbers(one), numbers(other)];
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}
