/** As tsconfig.json has it. Types are checked by `npm run typecheck`. */
const compiler = {
  swcrc: false,
  sourceMaps: 'inline',
  module: { type: 'commonjs', ignoreDynamic: true },
  jsc: {
    target: 'es2023',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
  },
};

/**
 * Two projects for `npm test`: `unit` (specs beside the code, the contract suites among them) and `e2e` (real processes,
 * real sockets, a real Redis). Each of the others has a command of its own,
 * `npm run test:cluster` and so on. Aliases point at the sources, so that jest never reads a stale build.
 */
const base = {
  testEnvironment: require.resolve('./test/jest/node-environment.cjs'),
  transform: {
    '^.+\\.ts$': ['@swc/jest', compiler],
  },
  moduleNameMapper: {
    // The package as it is published: it loads transports by import(), which jest cannot run in sources.
    '^#client$': '<rootDir>/libs/client/dist/cjs/index.js',
    '^#client/(.*)$': '<rootDir>/libs/client/dist/cjs/$1.js',
    '^#(core|protocol|osm|redis|ops|testing)$': '<rootDir>/libs/$1/src/index.ts',
    '^#ops/run-program$': '<rootDir>/libs/ops/src/run-program.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
    // The conformance suite of Durable Streams is written for vitest.
    '^vitest$': '<rootDir>/apps/gateway/test/streams-conformance/vitest.ts',
  },
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/.cache'],
};
module.exports = {
  // For machines that are busy with something else: no test is about how long it takes.
  testTimeout: 30_000,
  // Tests wait more than they compute: this many keep two cores busy. jest's own choice would be one.
  maxWorkers: 6,
  testSequencer: require.resolve('./test/jest/longest-first-sequencer.cjs'),
  projects: [
    { ...base, displayName: 'unit', testRegex: '\\.spec\\.ts$' },
    {
      ...base,
      displayName: 'e2e',
      testRegex: '\\.e2e-spec\\.ts$',
      setupFilesAfterEnv: [require.resolve('./test/jest/described-traffic.ts')],
    },
    { ...base, displayName: 'cluster', testRegex: '\\.cluster-spec\\.ts$' },
    { ...base, displayName: 'scaling', testRegex: '\\.scaling-spec\\.ts$' },
    { ...base, displayName: 'states', testRegex: '\\.states-spec\\.ts$' },
    { ...base, displayName: 'upgrade', testRegex: '\\.upgrade-spec\\.ts$' },
  ],
};
