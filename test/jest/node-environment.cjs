const { AsyncLocalStorage } = require('node:async_hooks');
const { createRequire } = require('node:module');

require('./compiled-once.cjs');

// What jest itself depends on need not be at the top of node_modules.
const ofJest = createRequire(createRequire(require.resolve('jest')).resolve('@jest/core'));
const ofConfig = createRequire(ofJest.resolve('jest-config'));
const { TestEnvironment } = ofConfig('jest-environment-node');

/** The storages that a test file, or jest on its behalf, has used. */
const used = new Set();
const { run } = AsyncLocalStorage.prototype;
AsyncLocalStorage.prototype.run = function (...args) {
  used.add(this);
  return run.apply(this, args);
};

/**
 * jest's own environment for Node. At the end of a file it disables the asynchronous contexts of that file: jest-circus makes
 * one for each file and leaves it on. Until Node 24, each one that is on makes every `await` of the process slower: with a
 * hundred of them a promise takes 7 µs.
 *
 * `testHasFailed` tells hooks after a test whether it has failed. jest itself tells them only of failed expectations.
 */
module.exports = class NodeEnvironment extends TestEnvironment {
  handleTestEvent({ name }) {
    if (name === 'test_start') this.global.testHasFailed = false;
    if (name === 'test_fn_failure') this.global.testHasFailed = true;
  }

  async teardown() {
    await super.teardown();
    used.forEach((storage) => storage.disable());
    used.clear();
  }
};
