import { createRequire } from 'node:module';

const { projects } = createRequire(import.meta.url)('./jest.config.cjs');
const [unit] = projects;

/**
 * `npm run test:stryker`: Stryker changes the domain and the upstream's adapter in every way it knows, one change at a
 * time, and runs the specs that reach the changed line. `STRYKER_FILES` (globs, comma-separated) takes other files.
 */
export default {
  packageManager: 'npm',
  testRunner: 'jest',
  plugins: ['@stryker-mutator/jest-runner'],
  mutate: (process.env.STRYKER_FILES ?? 'libs/core/src/**/*.ts,libs/osm/src/**/*.ts,!libs/**/*.spec.ts').split(','),
  jest: {
    projectType: 'custom',
    enableFindRelatedTests: true,
    config: {
      ...unit,
      // The property specs are left out, because they take most of the time. A change that only they find counts as
      // survived.
      testRegex: 'libs/(core|osm|testing)/.*(?<!property)\\.spec\\.ts$',
      // Changed code need not fit its types, and is compiled thousands of times.
      transform: {
        '^.+\\.ts$': ['ts-jest', { tsconfig: '<rootDir>/tsconfig.json', diagnostics: false, isolatedModules: true }],
      },
    },
  },
  coverageAnalysis: 'perTest',
  concurrency: 2,
  timeoutMS: 5000,
  timeoutFactor: 1.25,
  ignorePatterns: ['.cache', 'dist', 'bench/results', 'coverage'],
  tempDirName: '.cache/stryker',
  incremental: false,
  reporters: ['clear-text', 'progress-append-only', 'json'],
  jsonReporter: { fileName: '.cache/stryker/report.json' },
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
};
