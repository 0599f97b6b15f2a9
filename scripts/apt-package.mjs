import { existsSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { run } from './processes.mjs';

/**
 * Fetches Debian packages, with the dependencies that this machine lacks, and unpacks them into `folder`. It needs no
 * root, because apt gets its own lists, cache and locks, and nothing is installed. It uses the machine's own package
 * sources. Returns null if it worked, otherwise the reason in one line.
 */
export async function unpackPackages(names, folder) {
  await mkdir(dirname(folder), { recursive: true });
  // Packages are unpacked into another folder, which is renamed at the end. So an interrupted fetch never looks
  // finished.
  const work = await mkdtemp(`${folder}.`);
  const forget = () => rmSync(work, { recursive: true, force: true });
  process.once('exit', forget);
  try {
    const apt = await privateApt(work);
    for (const step of [
      ['update', '-q'],
      // A package that is installed but not usable (not on PATH, half removed) has to be fetched nevertheless.
      ['install', '-q', '--yes', '--download-only', '--reinstall', '--no-install-recommends', ...names],
    ]) {
      const { ok, output } = await run('apt-get', [...apt, ...step], { capture: true });
      if (!ok) return `apt-get ${step[0]} failed: ${lastLine(output)}`;
    }
    const archives = (await readdir(join(work, 'archives'))).filter((name) => name.endsWith('.deb'));
    for (const name of archives) {
      const { ok, output } = await run('dpkg', ['-x', join(work, 'archives', name), join(work, 'root')], {
        capture: true,
      });
      if (!ok) return `dpkg -x ${name} failed: ${lastLine(output)}`;
    }
    if (!existsSync(join(work, 'root'))) return 'apt-get downloaded no package';
    await rm(folder, { recursive: true, force: true });
    await rename(join(work, 'root'), folder);
    return null;
  } catch (error) {
    return error.code === 'ENOENT' ? `${error.path ?? 'apt-get'} is not there` : error.message;
  } finally {
    forget();
    process.off('exit', forget);
  }
}

async function privateApt(work) {
  await mkdir(join(work, 'lists', 'partial'), { recursive: true });
  await mkdir(join(work, 'archives', 'partial'), { recursive: true });
  const settings = {
    'Dir::State::lists': join(work, 'lists'),
    'Dir::Cache': work,
    'Dir::Cache::archives': join(work, 'archives'),
    'Debug::NoLocking': '1',
    // As root, apt downloads as the user _apt, which has no access to home folders.
    'APT::Sandbox::User': 'root',
    'Acquire::Retries': '2',
    'Acquire::http::Timeout': '20',
    'Acquire::https::Timeout': '20',
  };
  const file = join(work, 'apt.conf');
  await writeFile(
    file,
    Object.entries(settings)
      .map(([name, value]) => `${name} "${value}";\n`)
      .join(''),
  );
  return ['-c', file];
}

const lastLine = (output) => output.trim().split('\n').at(-1) || 'no output';
