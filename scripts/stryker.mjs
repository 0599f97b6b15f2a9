import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { explained } from '../test/stryker/explained.mjs';
import { install } from './install.mjs';
import { interruption } from './interruption.mjs';
import { killEverything, run } from './processes.mjs';
import { cache, root, tool } from './repository.mjs';

/**
 * `npm run test:stryker`: changes every expression of `libs/core` and `libs/osm`, one at a time, and prints which changes
 * no unit test notices, and the score: the share that is noticed. `npm run test:stryker -- fan-out` takes one part,
 * `npm run test:stryker -- libs/core/src/fan-out/tail.ts` one file.
 *
 * Fails where the score of `libs/core` is below {@link LEAST}, and where a change survives in one of the files of
 * {@link STRICT} that `test/stryker/explained.mjs` does not explain.
 */
const LEAST = 90;

/** A part of the code, and the folder of the tests that are run again for each change in it. */
const PARTS = [
  ['model', 'libs/core/src/model/*.ts', 'libs/core/src/model'],
  ['interest', 'libs/core/src/interest/**/*.ts', 'libs/core/src/interest'],
  ['fan-out', 'libs/core/src/fan-out/**/*.ts', 'libs/core/src/fan-out'],
  ['polling', 'libs/core/src/polling/**/*.ts', 'libs/core/src/polling'],
  ['osm', 'libs/osm/src/**/*.ts', 'libs/osm/src'],
];

/** What no test notices in these is killed or explained. */
const STRICT = /(?:delta|cursor-history|recovery|tail|repair|upstream-failure|osm\.errors)\.ts$/;

/** Properties say less per run than a test does, and take longer: the seeds of many runs together are enough. */
const PROPERTY_RUNS = '30';

void interruption().then(() => {
  killEverything();
  process.exit(130);
});
const started = Date.now();
try {
  await install();
  const wanted = process.argv.slice(2);
  const parts = wanted.length === 0 ? PARTS : wanted.map(partOf);
  const changes = [];
  for (const part of parts) changes.push(...(await changesOf(part)));
  process.exit(judge(changes) ? 0 : 1);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}

/** @param {string} wanted name of a part, or path of a file */
function partOf(wanted) {
  const named = PARTS.find(([name]) => name === wanted);
  if (named) return named;
  const whole = PARTS.find(([, , tests]) => wanted.startsWith(`${tests}/`));
  if (!whole) throw new Error(`There is no part ${wanted}. Parts are ${PARTS.map(([name]) => name).join(', ')}`);
  return [wanted.replaceAll('/', '.'), wanted, whole[2]];
}

async function changesOf([name, files, tests]) {
  console.log(`\n${name}`);
  const report = cache('stryker', `${name}.json`);
  mkdirSync(cache('stryker'), { recursive: true });
  rmSync(report, { force: true });
  const settings = { STRYKER_PART: name, STRYKER_FILES: files, STRYKER_TESTS: tests, FC_RUNS: PROPERTY_RUNS };
  const env = { ...process.env, ...settings };
  await run(process.execPath, [tool('@stryker-mutator/core/bin/stryker.js'), 'run'], { cwd: root, env });
  if (!existsSync(report)) throw new Error(`FAILED  Stryker wrote no report on ${name}`);
  return Object.entries(JSON.parse(readFileSync(report, 'utf8')).files).flatMap(([file, { source, mutants }]) =>
    mutants.map(({ status, replacement, location }) => ({
      file,
      status,
      line: location.start.line,
      was: textAt(source, location),
      is: replacement,
    })),
  );
}

function textAt(source, { start, end }) {
  const lines = source.split('\n').slice(start.line - 1, end.line);
  lines[lines.length - 1] = lines.at(-1).slice(0, end.column - 1);
  lines[0] = lines[0].slice(start.column - 1);
  return lines.join('\n');
}

/** Prints what survived, and the scores. @returns whether they are good enough */
function judge(changes) {
  const survivors = changes.filter(({ status }) => status === 'Survived' || status === 'NoCoverage');
  const unexplained = survivors.filter((change) => STRICT.test(change.file) && !explanationOf(change));
  console.log('');
  for (const change of survivors) {
    const why = explanationOf(change)?.why ?? (unexplained.includes(change) ? 'NOT EXPLAINED' : 'survived');
    console.log(`${change.file}:${change.line}: ${short(change.was)} -> ${short(change.is)}: ${why}`);
  }
  const stale = explained.filter((one) => changes.some(({ file }) => file === one.file) && !survivors.some(isOf(one)));
  for (const { file, was, is } of stale) console.log(`stale     ${file}: ${short(was)} -> ${short(is)}`);
  for (const library of ['libs/core', 'libs/osm']) printScore(library, changes);
  const core = scoreOf('libs/core', changes);
  console.log(`${changes.length} changes in ${Math.round((Date.now() - started) / 60_000)} min`);
  return unexplained.length === 0 && stale.length === 0 && (core === null || core >= LEAST);
}

function isOf(one) {
  return (change) => change.file === one.file && change.was === one.was && change.is === one.is;
}

function explanationOf(change) {
  return explained.find((one) => isOf(one)(change));
}

function short(text) {
  return text.replace(/\s+/g, ' ').slice(0, 100);
}

/** In per cent; null where nothing was changed. What keeps a test from ending is noticed; what does not compile counts not. */
function scoreOf(folder, changes) {
  const own = changes.filter(({ file }) => file.startsWith(folder));
  const killed = own.filter(({ status }) => status === 'Killed' || status === 'Timeout').length;
  const alive = own.filter(({ status }) => status === 'Survived' || status === 'NoCoverage').length;
  return killed + alive === 0 ? null : (100 * killed) / (killed + alive);
}

function printScore(library, changes) {
  for (const file of [...new Set(changes.map((change) => change.file))].filter((name) => name.startsWith(library))) {
    const score = scoreOf(file, changes);
    if (score !== null) console.log(`${score.toFixed(1).padStart(6)} %  ${file}`);
  }
  const score = scoreOf(library, changes);
  if (score !== null) console.log(`${score.toFixed(1).padStart(6)} %  ${library}`);
}
