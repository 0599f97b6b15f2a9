import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, delimiter, join } from 'node:path';
import { unpackPackages } from './apt-package.mjs';
import { run } from './processes.mjs';
import { cache } from './repository.mjs';

/**
 * A program from Debian's packages that runs on this machine: `path`, and `libraries`, the LD_LIBRARY_PATH that it needs
 * or an empty text.
 *
 * @typedef {{ path: string, libraries: string }} Binary
 */

/**
 * Looks for a program on PATH, then in `.cache/<folder>`, and fetches it otherwise.
 *
 * @param {object} wanted
 * @param {string[]} wanted.names names of the program, the preferred one first
 * @param {string} wanted.versionOption makes the program print its version and end
 * @param {string[][]} wanted.packages lists of Debian packages, tried in turn
 * @param {string} wanted.folder name of the folder below `.cache`
 * @returns {Promise<{ binary: Binary | null, reasons: string[] }>} why it could not be fetched, one line per list
 */
export async function machineProgram({ names, versionOption, packages, folder }) {
  const unpacked = cache(folder);
  const here = async () => (await onPath(names, versionOption)) ?? (await fetched(names, versionOption, unpacked));
  const found = await here();
  if (found) return { binary: found, reasons: [] };
  console.log(`No ${names[0]} here: fetching one into .cache/${folder}`);
  const reasons = [];
  for (const list of packages) {
    const reason = await unpackPackages(list, unpacked);
    const binary = reason ? null : await fetched(names, versionOption, unpacked);
    if (binary) return { binary, reasons: [] };
    reasons.push(`  ${list[0]}: ${reason ?? 'fetched, but it does not start'}`);
  }
  return { binary: null, reasons };
}

/** The environment in which a program with these libraries starts. */
export const programEnvironment = (libraries) =>
  libraries ? { ...process.env, LD_LIBRARY_PATH: libraries } : process.env;

async function onPath(names, versionOption) {
  // Debian puts servers into folders that are not on every user's PATH.
  const directories = [...(process.env.PATH ?? '').split(delimiter).filter(Boolean), '/usr/local/sbin', '/usr/sbin'];
  for (const path of directories.flatMap((directory) => names.map((name) => join(directory, name)))) {
    const binary = { path, libraries: '' };
    if (await starts(binary, versionOption)) return binary;
  }
  return null;
}

async function fetched(names, versionOption, folder) {
  const libraries = (await Promise.all(['usr/lib', 'lib'].map((lib) => libraryFolders(join(folder, lib))))).flat();
  // A browser lies in a folder of its own. What Debian has for it in usr/bin is a script for the installed one.
  const folders = (name) => [`usr/lib/${name}`, 'usr/bin', 'usr/sbin'];
  for (const path of names.flatMap((name) => folders(name).map((bin) => join(folder, bin, name)))) {
    const binary = { path, libraries: libraries.join(delimiter) };
    if (await starts(binary, versionOption)) return binary;
  }
  return null;
}

/** Debian keeps libraries in one folder per architecture, usr/lib/x86_64-linux-gnu, and private ones in folders of it. */
async function libraryFolders(lib) {
  if (!existsSync(lib)) return [];
  const architectures = (await foldersIn(lib)).filter((folder) => basename(folder).includes('-linux-'));
  const inside = (await Promise.all(architectures.map(foldersIn))).flat();
  const hasLibraries = await Promise.all(inside.map(async (folder) => (await readdir(folder)).some(isLibrary)));
  return [...architectures, ...inside.filter((_, at) => hasLibraries[at])];
}

const isLibrary = (name) => /^lib.*\.so(\.|$)/.test(name);

async function foldersIn(folder) {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name));
}

async function starts({ path, libraries }, versionOption) {
  if (!existsSync(path)) return false;
  const notExecutable = () => ({ ok: false });
  const { ok } = await run(path, [versionOption], { capture: true, env: programEnvironment(libraries) }).catch(
    notExecutable,
  );
  return ok;
}
