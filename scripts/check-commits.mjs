import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './repository.mjs';

/** Subjects follow Conventional Commits, so that history can be searched by kind and scope. */
const TYPES = ['feat', 'fix', 'docs', 'test', 'refactor', 'perf', 'build', 'ci', 'chore', 'bench'];
const SUBJECT = new RegExp(`^(${TYPES.join('|')})(\\([a-z0-9-]+(,[a-z0-9-]+)*\\))?!?: \\S`);

const { commits, reason } = history();
if (reason) {
  console.log(`SKIPPED: commit subjects were not checked, ${reason}`);
} else {
  const faulty = commits.filter((line) => !SUBJECT.test(line.slice(line.indexOf(' ') + 1)));
  for (const line of faulty) console.error(`not a Conventional Commit: ${line}`);
  if (faulty.length > 0) {
    console.error(`Expected "type(scope): subject" with one of the types ${TYPES.join(', ')}.`);
    process.exit(1);
  }
  console.log(`${commits.length} commit subjects`);
}

function history() {
  if (!existsSync(join(root, '.git'))) return { reason: 'this is not a git checkout (an archive?)' };
  const git = spawnSync('git', ['log', '--no-merges', '--format=%h %s', 'HEAD'], { cwd: root, encoding: 'utf8' });
  if (git.error) return { reason: 'git is not installed' };
  if (git.status !== 0) return { reason: git.stderr.split('\n')[0] };
  return { commits: git.stdout.split('\n').filter(Boolean) };
}
