const { createRequire } = require('node:module');

// What jest itself depends on need not be at the top of node_modules.
const ofJest = createRequire(createRequire(require.resolve('jest')).resolve('@jest/core'));
const { default: TestRunner } = ofJest('jest-runner');

/** Runs test files until one has failed: a change is noticed then. Stryker cannot ask jest for this (its `bail` is ignored). */
module.exports = class FirstFailureRunner extends TestRunner {
  async runTests(tests, watcher, options) {
    let hasFailed = false;
    const unsubscribe = [
      this.on('test-file-failure', () => void (hasFailed = true)),
      this.on('test-file-success', ([, result]) => void (hasFailed ||= result.numFailingTests > 0)),
    ];
    for (const test of tests) {
      if (!hasFailed) await super.runTests([test], watcher, options);
    }
    unsubscribe.forEach((stop) => stop());
  }
};
