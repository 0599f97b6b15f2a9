const { createRequire } = require('node:module');

const asyncContexts = require('./async-contexts.cjs');
require('./compiled-once.cjs');

// What jest itself depends on need not be at the top of node_modules.
const ofJest = createRequire(createRequire(require.resolve('jest')).resolve('@jest/core'));
const ofConfig = createRequire(ofJest.resolve('jest-config'));
const { TestEnvironment } = ofConfig('jest-environment-node');

/**
 * jest's own environment for Node, with what makes it faster.
 *
 * `testHasFailed` tells hooks after a test whether it has failed. jest itself tells them only of failed expectations.
 */
module.exports = class NodeEnvironment extends TestEnvironment {
  handleTestEvent({ name, concurrent }) {
    if (name === 'add_test' && concurrent) asyncContexts.keepForConcurrentTests();
    if (name === 'test_start') this.global.testHasFailed = false;
    if (name === 'test_fn_failure') this.global.testHasFailed = true;
  }

  async teardown() {
    await super.teardown();
    asyncContexts.end();
  }
};
