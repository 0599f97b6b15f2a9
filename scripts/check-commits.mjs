import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './repository.mjs';

/**
 * Subjects follow Conventional Commits, so that history can be searched by kind and scope. If some of them cannot be
 * read, the exit code is 77 and the output says why: this is neither a pass nor a failure.
 */
const TYPES = ['feat', 'fix', 'docs', 'test', 'refactor', 'perf', 'build', 'ci', 'chore', 'bench'];
const SUBJECT = new RegExp(`^(${TYPES.join('|')})(\\([a-z0-9-]+(,[a-z0-9-]+)*\\))?!?: \\S`);

const SKIPPED = 77;

const { commits, unread } = history();
const faulty = commits.filter((line) => !SUBJECT.test(line.slice(line.indexOf(' ') + 1)));
for (const line of faulty) console.error(`not a Conventional Commit: ${line}`);
if (faulty.length > 0) {
  console.error(`Expected "type(scope): subject" with one of the types ${TYPES.join(', ')}.`);
  process.exitCode = 1;
} else if (unread) {
  console.log(`not checked, ${unread}`);
  process.exitCode = SKIPPED;
} else {
  console.log(`${commits.length} commit subjects`);
}

function history() {
  if (!existsSync(join(root, '.git'))) return { commits: [], unread: 'this is not a git checkout (an archive?)' };
  const log = git('log', '--no-merges', '--format=%h %s', 'HEAD');
  if (log.error) return { commits: [], unread: 'git is not installed' };
  if (log.status !== 0) return { commits: [], unread: log.stderr.split('\n')[0] };
  const commits = log.stdout.split('\n').filter(Boolean);
  const shallow = git('rev-parse', '--is-shallow-repository').stdout.trim() === 'true';
  return {
    commits,
    unread: shallow && `but for ${commits.length}: this is a shallow clone, without the older commits`,
  };
}

function git(...args) {
  return spawnSync('git', args, { cwd: root, encoding: 'utf8' });
}
