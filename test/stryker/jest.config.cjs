const { join } = require('node:path');
const { projects } = require('../../jest.config.cjs');

const [unit] = projects;
const rootDir = join(__dirname, '../..');

/** The unit tests that are run again for each change of one part of the code: `STRYKER_TESTS` names their folder. */
module.exports = {
  ...unit,
  // A change that keeps a promise from being settled is noticed by then, ms. No unit test of core takes a second.
  testTimeout: 4000,
  rootDir,
  testEnvironment: join(__dirname, 'first-failure-environment.cjs'),
  roots: [join(rootDir, process.env.STRYKER_TESTS ?? 'libs')],
  testSequencer: join(__dirname, 'quick-first-sequencer.cjs'),
  runner: join(__dirname, 'first-failure-runner.cjs'),
};
