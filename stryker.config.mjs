/**
 * Changes each expression of a part of core or osm, one at a time, and says which changes no unit test notices.
 * `npm run test:stryker` (scripts/stryker.mjs) runs it for each part, which `STRYKER_PART`, `STRYKER_FILES` and
 * `STRYKER_TESTS` name.
 *
 * @type {import('@stryker-mutator/api/core').PartialStrykerOptions}
 */
const part = process.env.STRYKER_PART ?? 'all';

export default {
  mutate: [...(process.env.STRYKER_FILES ?? '').split(','), '!**/*.spec.ts', '!**/index.ts'],
  testRunner: 'jest',
  plugins: ['@stryker-mutator/jest-runner'],
  jest: { projectType: 'custom', configFile: 'test/stryker/jest.config.cjs', enableFindRelatedTests: false },
  coverageAnalysis: 'perTest',
  concurrency: Number(process.env.STRYKER_CONCURRENCY ?? 2),
  // Beyond the time that the tests take without a change. A property that fails is made smaller by fast-check first.
  timeoutMS: 10_000,
  tempDirName: '.cache/stryker/sandbox',
  ignorePatterns: [
    '/.cache',
    '/.git',
    '/apps',
    '/bench',
    '/dist',
    '/test/*',
    '!/test/{jest,stryker}',
    '/libs/{ops,protocol,redis}',
  ],
  reporters: ['progress-append-only', 'json'],
  jsonReporter: { fileName: `.cache/stryker/${part}.json` },
  allowConsoleColors: false,
};
