import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { run } from './processes.mjs';
import { root } from './repository.mjs';

/**
 * `npm run sbom`: writes a bill of materials (CycloneDX, JSON) of what runs in production to `sbom.cdx.json`, or to the
 * file that is named. `npm run sbom -- --all` has the packages of development, too.
 *
 * The tool is installed into `.cache/sbom`, and not with the dependencies: it would bring 120 packages to everybody.
 */
const TOOL = '@cyclonedx/cyclonedx-npm';
const VERSION = '6.0.1';
const home = join(root, '.cache/sbom');

const args = process.argv.slice(2);
const file = resolve(root, args.find((arg) => !arg.startsWith('--')) ?? 'sbom.cdx.json');
const toolFile = join(home, 'node_modules', TOOL, 'package.json');
try {
  if ((await versionOf(toolFile)) !== VERSION) await install();
  await mkdir(dirname(file), { recursive: true });
  await write();
  const { components } = JSON.parse(await readFile(file, 'utf8'));
  console.log(`${components.length} packages in ${file}`);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

async function install() {
  await mkdir(home, { recursive: true });
  // Optional packages validate XML, and one of them compiles itself.
  const how = ['--prefix', home, '--no-save', '--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund'];
  const { ok, output } = await run('npm', ['install', ...how, `${TOOL}@${VERSION}`], { cwd: home, capture: true });
  if (!ok) throw new Error(`${TOOL}@${VERSION} could not be installed:\n${output.trim()}`);
}

async function write() {
  const { bin } = JSON.parse(await readFile(toolFile, 'utf8'));
  const script = join(dirname(toolFile), Object.values(bin)[0]);
  const omitted = args.includes('--all') ? [] : ['--omit', 'dev'];
  const how = ['--output-format', 'JSON', '--output-reproducible', '--no-validate', ...omitted, '--output-file', file];
  const { ok, output } = await run(process.execPath, [script, ...how, join(root, 'package.json')], {
    cwd: root,
    capture: true,
  });
  if (!ok) throw new Error(`${TOOL} failed:\n${output.trim()}`);
}

async function versionOf(path) {
  try {
    return JSON.parse(await readFile(path, 'utf8')).version;
  } catch {
    return null;
  }
}
