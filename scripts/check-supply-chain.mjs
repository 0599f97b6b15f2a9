import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { installedPackages, isAllowed, summary } from './licenses.mjs';
import { root } from './repository.mjs';

/**
 * What is installed: each package has a licence that is allowed and a hash in the lock file, and none runs a script when it
 * is installed. `npm run licenses` (`--list`) prints each package with its licence.
 */
const read = (file) => readFileSync(join(root, file), 'utf8');
const { packages: locked } = JSON.parse(read('package-lock.json'));
const { allowScripts, scripts } = JSON.parse(read('package.json'));
const installed = installedPackages(root);

if (process.argv.includes('--list')) {
  const rows = installed.map(
    ({ name, version, license, isRuntime }) => `${isRuntime ? 'runtime' : 'other'}\t${name}@${version}\t${license}`,
  );
  console.log([...new Set(rows)].sort().join('\n'));
}
const faults = [...licenceFaults(), ...integrityFaults(), ...scriptFaults()];
if (faults.length > 0) {
  console.error(faults.join('\n'));
  process.exit(1);
}
console.log(`${installed.length} packages, none runs a script: ${summary(installed)}`);

function licenceFaults() {
  return installed
    .filter(({ license }) => !isAllowed(license))
    .map(
      ({ name, version, license }) =>
        `${name}@${version} has the licence ${license}, which scripts/licenses.mjs does not allow: read it, and allow it there or choose another package`,
    );
}

/** Without a hash, a registry could give another package for the same version. */
function integrityFaults() {
  return Object.entries(locked)
    .filter(([path, { link, integrity, inBundle }]) => path !== '' && !link && !inBundle && !integrity)
    .map(([path]) => `package-lock.json has no integrity for ${path}: run npm install again`);
}

/** `.npmrc` keeps npm from running scripts, in every version of npm; `allowScripts` says that each was looked at. */
function scriptFaults() {
  const faults = Object.entries(locked)
    .filter(([path, { hasInstallScript }]) => hasInstallScript && allowScripts[nameOf(path)] !== false)
    .map(
      ([path]) =>
        `${nameOf(path)} has an install script that nobody has looked at: if everything works without it, add "${nameOf(path)}": false to allowScripts in package.json`,
    );
  if (!/^ignore-scripts=true$/m.test(read('.npmrc'))) faults.push('.npmrc must have the line ignore-scripts=true');
  // With ignore-scripts, npm would leave them out without a word.
  const around = Object.keys(scripts).filter(
    (name) => /^(?:pre|post)/.test(name) && name.replace(/^(?:pre|post)/, '') in scripts,
  );
  return [...faults, ...around.map((name) => `the script ${name} is never run: .npmrc has ignore-scripts=true`)];
}

function nameOf(path) {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}
