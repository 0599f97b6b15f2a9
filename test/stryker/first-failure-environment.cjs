const NodeEnvironment = require('../jest/node-environment.cjs');

/** Skips what follows the first test that fails: a change is noticed then. Where a change keeps tests from ending, each takes its time-out. */
module.exports = class FirstFailureEnvironment extends NodeEnvironment {
  handleTestEvent(event) {
    super.handleTestEvent(event);
    if (event.name === 'test_fn_failure' || event.name === 'hook_failure') this.hasFailed = true;
    if (event.name === 'test_start' && this.hasFailed) event.test.mode = 'skip';
  }
};
