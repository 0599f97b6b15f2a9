const { AsyncLocalStorage } = require('node:async_hooks');

/**
 * Until Node 24, each asynchronous context that is on makes every promise of the process slower. jest-circus has one for
 * each test file, which tells to which test an error belongs that nobody caught. Only files with concurrent tests need
 * that: in others, one test runs at a time, and a variable tells which. An error that comes after its test counts for
 * the one that runs then, or for the file.
 */
const { run, getStore } = AsyncLocalStorage.prototype;
/** The storages that a test file, or jest on its behalf, has used. */
const used = new Set();
/** That of jest-circus, in a file without concurrent tests. */
const replaced = new WeakSet();
let hasConcurrentTests = false;
/** What the replaced storage holds. */
let current;

/** What jest-circus stores: the test that runs, or the hook. */
const isOfJest = (store) => store?.test?.type === 'test' || (store?.hook?.type !== undefined && 'fn' in store.hook);

AsyncLocalStorage.prototype.run = function (store, callback, ...args) {
  if (hasConcurrentTests || !isOfJest(store)) {
    used.add(this);
    return run.call(this, store, callback, ...args);
  }
  replaced.add(this);
  const before = current;
  const end = () => void (current = before);
  current = store;
  let result;
  try {
    result = callback(...args);
  } catch (error) {
    end();
    throw error;
  }
  if (typeof result?.then === 'function') return result.finally(end);
  end();
  return result;
};

AsyncLocalStorage.prototype.getStore = function () {
  return replaced.has(this) ? current : getStore.call(this);
};

/** A test of this file runs beside others. Called before the first test runs. */
exports.keepForConcurrentTests = () => void (hasConcurrentTests = true);

/** At the end of a file. jest-circus leaves its context on: with a hundred of them a promise takes 7 µs. */
exports.end = () => {
  used.forEach((storage) => storage.disable());
  used.clear();
  hasConcurrentTests = false;
  current = undefined;
};
