import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './processes.mjs';
import { cache, root, tool } from './repository.mjs';

const FOLDER = 'upgrade';

/**
 * The programs of an earlier commit, built into .cache/upgrade, which keeps the last one only.
 *
 * @param {string | undefined} named a commit, a tag or a branch; the last tag unless given, or the commit before where there is none
 * @returns {Promise<{ name: string, folder: string }>} the commit as people read it, and the folder with its package.json and dist/
 * @throws {Error} with the reason where this copy has no history, or no such commit, or it does not build
 */
export async function releaseBefore(named) {
  const ref = named ?? (await lastTag()) ?? 'HEAD~1';
  const commit = await git('rev-parse', '--verify', '--quiet', `${ref}^{commit}`);
  if (commit === null) throw new Error(await whyThereIsNone(ref));
  const name = (await git('log', '-1', '--format=%h (%s)', commit)) ?? commit;
  const folder = cache(FOLDER, commit);
  const stamp = join(folder, '.built');
  if (existsSync(stamp)) return { name, folder };
  console.log(`Building ${name} into .cache/${FOLDER}`);
  await forgetOthers();
  await unpack(commit, folder);
  await takePackages(folder);
  const { ok, output } = await run('npm', ['run', '--silent', 'build'], { cwd: folder, capture: true });
  if (!ok) throw new Error(`FAILED  ${name} does not build:\n${output}`);
  await writeFile(stamp, '');
  return { name, folder };
}

async function lastTag() {
  return git('describe', '--tags', '--abbrev=0', 'HEAD^');
}

async function whyThereIsNone(ref) {
  if ((await git('rev-parse', '--is-inside-work-tree')) === null) {
    return 'this is no clone of the repository, so there is no commit to upgrade from';
  }
  const isShallow = (await git('rev-parse', '--is-shallow-repository')) === 'true';
  return `this clone has no commit ${ref}${isShallow ? ': it is a shallow one (git fetch --unshallow)' : ''}`;
}

/** Its output without the line break; null where it fails or is not there. */
async function git(...args) {
  const { ok, output } = await run('git', args, { cwd: root, capture: true }).catch(() => ({ ok: false }));
  return ok ? output.trim() : null;
}

async function forgetOthers() {
  await mkdir(cache(FOLDER), { recursive: true });
  for (const name of await readdir(cache(FOLDER))) await rm(cache(FOLDER, name), { recursive: true, force: true });
}

async function unpack(commit, folder) {
  await mkdir(folder);
  const archive = join(folder, '.archive.tar');
  const made = await run('git', ['archive', '--format=tar', '--output', archive, commit], { cwd: root, capture: true });
  const unpacked = made.ok ? await run('tar', ['-xf', archive, '-C', folder], { capture: true }) : made;
  if (!unpacked.ok) throw new Error(`git archive ${commit} failed: ${unpacked.output.trim()}`);
  await rm(archive);
}

/** The packages of this commit, if they are the same; otherwise its own. */
async function takePackages(folder) {
  const [own, its] = await Promise.all([root, folder].map((each) => readFile(join(each, 'package-lock.json'))));
  if (own.equals(its)) {
    await symlink(tool(''), join(folder, 'node_modules'));
    return;
  }
  console.log('It has other packages (npm ci)');
  const { ok, output } = await run('npm', ['ci', '--include=dev'], { cwd: folder, capture: true });
  if (!ok) throw new Error(`npm ci failed for the commit to upgrade from:\n${output}`);
}
