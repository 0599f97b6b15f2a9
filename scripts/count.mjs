import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { measure } from './code-metrics.mjs';
import { run } from './processes.mjs';
import { root, tool } from './repository.mjs';

/**
 * `npm run count`: per folder, how many lines files and functions have, how much of the code is comments, and how many
 * imports are part of a cycle.
 *
 * Lines are all lines of a file. `comments` is the share of lines that hold nothing but a comment among those that are
 * not blank. Functions in Lua are not looked at, nor are lists of tests (`describe`). Specs of apps and libraries have
 * rows of their own; libs/testing counts as tests.
 */
const CODE = /\.(tsx?|mjs|cjs|lua)$/;
const SPEC = /\.spec\.ts$|^apps\/[^/]+\/test\//;
const LAYERS = ['apps', 'libs', 'test', 'bench'];
const COLUMNS = ['folder', 'files', 'median', 'p95', 'largest', 'longest function', 'comments', 'cycles'];
const TEXT_COLUMNS = ['folder', 'largest', 'longest function'];

const files = [...LAYERS, 'scripts'].flatMap(sourcesIn).map(read);
const cyclicImports = await countCyclicImports();
const groups = new Map();
for (const file of files) groups.set(file.folder, [...(groups.get(file.folder) ?? []), file]);
const tests = files.filter(({ path }) => SPEC.test(path) || /^(test|libs\/testing)\//.test(path));
print([
  COLUMNS,
  ...[...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, group]) => row(name, group)),
  row('all tests', tests),
  row(
    'all but tests',
    files.filter((file) => !tests.includes(file)),
  ),
]);

function sourcesIn(folder) {
  const entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && CODE.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(root.length))
    .filter((path) => !path.startsWith('bench/results/'));
}

function read(path) {
  return { path, folder: folderOf(path), ...measure(path, readFileSync(join(root, path), 'utf8')) };
}

/** An app; a library, or a wing of it where it has some; else the topmost folder. */
function folderOf(path) {
  const [top, name, , wing, ...deeper] = path.split('/');
  if (top !== 'apps' && top !== 'libs') return top;
  const folder = top === 'libs' && deeper.length > 0 ? `${top}/${name}/${wing}` : `${top}/${name}`;
  return SPEC.test(path) ? `${folder} (specs)` : folder;
}

function row(name, group) {
  const byLines = group.toSorted((a, b) => a.lines - b.lines);
  const atShare = (share) => byLines[Math.ceil(share * byLines.length) - 1].lines;
  const largest = byLines.at(-1);
  const functions = group.flatMap((file) => file.functions.map((each) => ({ ...each, path: file.path })));
  const longest = functions.reduce((most, each) => (each.lines > (most?.lines ?? 0) ? each : most), undefined);
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const share = sum(group.map(({ commented }) => commented)) / sum(group.map(({ filled }) => filled));
  return [
    name,
    group.length,
    atShare(0.5),
    atShare(0.95),
    `${largest.lines} ${basename(largest.path)}`,
    longest ? `${longest.lines} ${longest.name} ${basename(longest.path)}:${longest.line}` : '',
    `${Math.round(100 * share)} %`,
    sum(group.map(({ path }) => cyclicImports.get(path) ?? 0)),
  ];
}

/** How many imports of each file are part of a cycle; scripts are not looked at. Types count. */
async function countCyclicImports() {
  const cruiser = tool('dependency-cruiser/bin/dependency-cruise.mjs');
  const options = ['--config', '.dependency-cruiser.cjs', '--output-type', 'json'];
  const { output } = await run(process.execPath, [cruiser, ...LAYERS, ...options], { cwd: root, capture: true });
  const { modules } = JSON.parse(output);
  return new Map(
    modules.map(({ source, dependencies }) => [source, dependencies.filter((each) => each.circular).length]),
  );
}

function print(table) {
  const widths = COLUMNS.map((_, index) => Math.max(...table.map((cells) => String(cells[index]).length)));
  for (const cells of table) {
    const line = cells.map((cell, index) => {
      const text = String(cell);
      return TEXT_COLUMNS.includes(COLUMNS[index]) ? text.padEnd(widths[index]) : text.padStart(widths[index]);
    });
    console.log(line.join('  ').trimEnd());
  }
}
