import { runLongTest } from './long-test.mjs';
import { releaseBefore } from './release-before.mjs';

/** The exit code of a check that could not be made, as in automake. */
const SKIPPED = 77;
const [named] = process.argv.slice(2);

/**
 * `npm run test:upgrade`: programs of the release before are replaced by those of this commit one by one, and the other way round,
 * on one Redis, while messages flow. The release before is the last tag, or the commit before where there is none;
 * `npm run test:upgrade -- v1.2.0` names another commit. Without history nothing is tested, which is said, and the exit code is 77.
 */
let before;
try {
  before = await releaseBefore(named);
} catch (error) {
  console.error(`NOT TESTED  upgrade and rollback: ${error.message}`);
  process.exit(SKIPPED);
}
console.log(`The release before: ${before.name}`);
await runLongTest(['--selectProjects', 'upgrade'], { UPGRADE_FROM: before.folder });
