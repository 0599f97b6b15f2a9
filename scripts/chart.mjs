import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { root } from './repository.mjs';

export const chart = join(root, 'deploy/helm/pollcast');
/** What helm makes of the chart, once for each file of values: `npm test` looks at it, because it has no helm. */
export const rendered = join(root, 'test/helm/rendered');

/** Files of values that the chart is tried with; null: its defaults. */
export const VALUES = [null, ...readdirSync(join(chart, 'ci')).sort()];

/** Name of the rendered file of a file of values. */
export const renderedName = (values) => values ?? 'defaults.yaml';

/** The hash of all files of the chart. Rendered files begin with it, so one of another state of the chart is noticed. */
export function chartDigest() {
  const files = readdirSync(chart, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${relative(chart, file)}\n${readFileSync(file, 'utf8')}\n`);
  return hash.digest('hex');
}
