/**
 * The layers, kept by a machine (`npm run layers`): imports point down only, so that a part can be read, tested and
 * replaced with nothing but what lies below it.
 *
 *   apps/gateway   apps/worker   apps/simulator
 *   libs/protocol  libs/redis    libs/osm    libs/ops     siblings
 *   libs/core
 *   libs/testing -> core, for specs
 */
const SPEC = '(?:\\.(?:spec|e2e-spec)\\.ts$|^apps/[^/]+/test/)';
// Programs load run-program.ts before everything else, so it is imported directly.
// The client library has an entry for each framework.
const LIB_INDEX =
  '^libs/(?:[^/]+/src/index|ops/src/run-program|client/src/(?:react|vue|svelte|angular|tanstack-\\w+))\\.ts$';

const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

module.exports = {
  forbidden: [
    rule(
      'core-is-pure',
      'The domain is plain TypeScript: no npm package, no node builtin, nothing outside libs/core.',
      { path: '^libs/core/', pathNot: SPEC },
      { pathNot: '^libs/core/' },
    ),
    rule(
      'model-imports-nothing',
      'The nouns that all wings use. It imports nothing but itself.',
      { path: '^libs/core/src/model/', pathNot: SPEC },
      { path: '^libs/core/', pathNot: '^libs/core/src/model/' },
    ),
    rule(
      'polling-and-fan-out-are-separate',
      'Polling leads from due to committed, fan-out from published to subscribers. They share only the store.',
      { path: '^libs/core/src/(polling|fan-out)/', pathNot: SPEC },
      { path: '^libs/core/', pathNot: '^libs/core/src/($1|model)/' },
    ),
    rule(
      'interest-imports-ports',
      'Interest is leases. It needs the model, and the ports through which it wakes sets.',
      { path: '^libs/core/src/interest/', pathNot: SPEC },
      { path: '^libs/core/', pathNot: '^libs/core/src/(interest|model|polling/ports)/' },
    ),
    rule(
      'core-specs-stay-low',
      'A spec of the domain runs against fakes; with an adapter it would be a test of that adapter.',
      { path: `^libs/core/.*${SPEC}` },
      { path: '^(apps|libs)/', pathNot: '^libs/(core|testing)/' },
    ),
    rule(
      'adapters-are-siblings',
      'Adapters know the domain and not each other: an app joins them.',
      { path: '^libs/(protocol|redis|osm|ops)/' },
      { path: '^libs/', pathNot: '^libs/($1|core|testing)/' },
    ),
    rule(
      'testing-knows-core-only',
      'Stand-ins replace adapters, so they must not use them.',
      { path: '^libs/testing/' },
      { path: '^(apps|libs|test|bench)/', pathNot: '^libs/(testing|core)/' },
    ),
    rule(
      'testing-is-for-specs',
      'The build leaves libs/testing out: imported by a program, it would be missing at run time.',
      { pathNot: [SPEC, '^libs/testing/', '^test/'] },
      { path: '^libs/testing/' },
    ),
    rule(
      'client-stands-alone',
      'A page installs it by itself: it shares no code with the gateway, and imports no Node module.',
      { path: '^libs/client/src/', pathNot: SPEC },
      { path: '^(apps|libs|test|bench)/', pathNot: '^libs/client/src/' },
    ),
    rule(
      'client-is-for-pages',
      'No program uses the client library; the console and end-to-end tests do.',
      { pathNot: ['^libs/client/', '^apps/console/', '^test/'] },
      { path: '^libs/client/' },
    ),
    rule('libs-below-apps', 'A lib serves any app.', { path: '^libs/' }, { path: '^(apps|test|bench)/' }),
    rule(
      'apps-are-separate',
      'Apps share libs, and meet each other only over the network.',
      { path: '^apps/([^/]+)/' },
      { path: '^(apps|test|bench)/', pathNot: ['^apps/$1/', '^test/harness/'] },
    ),
    rule(
      'harness-is-for-tests',
      'What specs, end-to-end tests and benches share: processes, a real Redis, clients. No program uses it.',
      { path: '^(apps|libs)/', pathNot: SPEC },
      { path: '^test/' },
    ),
    rule(
      'bench-uses-the-harness',
      'A benchmark shares the harness and no test: tests know jest, and benches run without it.',
      { path: '^bench/' },
      { path: '^test/', pathNot: '^test/harness/' },
    ),
    rule(
      'conformance-runs-anywhere',
      'Checks know a gateway and a simulator only by their addresses, so that they run against any deployment, without jest.',
      { path: '^test/conformance/' },
      { path: '^(apps|libs|bench|test)/', pathNot: '^test/(conformance|harness)/' },
    ),
    rule(
      'world-runs-without-jest',
      'npm run test:clients makes the same trials as the end-to-end test.',
      { path: '^test/world/', pathNot: SPEC },
      { path: '^(apps|libs|bench|test)/', pathNot: '^test/(world|harness)/' },
    ),
    rule(
      'harness-is-below-tests',
      'The harness knows no test, no jest and no internals of Pollcast: it uses what a client and an operator use.',
      { path: '^test/harness/', pathNot: SPEC },
      { path: '^(apps|libs|bench|test)/', pathNot: '^test/harness/' },
    ),
    rule(
      'simulator-is-independent',
      'It is written from the upstream documentation alone: in shared code, one misreading would be in both. Its specs share a clock.',
      { path: '^apps/simulator/' },
      { path: '^libs/', pathNot: '^libs/(ops|testing)/' },
    ),
    rule(
      'outsiders-stay-outside',
      'End-to-end tests and benchmarks use what a user uses: sockets, not the internals of an app.',
      { path: '^(test|bench)/' },
      { path: '^apps/' },
    ),
    rule(
      'lib-by-its-index',
      'A lib is imported through its index.ts, so that its other files can change freely.',
      { path: '^(?:apps|test|bench)/' },
      { path: '^libs/', pathNot: LIB_INDEX },
    ),
    rule(
      'lib-by-its-index-between-libs',
      'A lib is imported through its index.ts, so that its other files can change freely.',
      { path: '^libs/([^/]+)/' },
      { path: '^libs/', pathNot: ['^libs/$1/', LIB_INDEX] },
    ),
    rule(
      'libs-by-their-name',
      'A lib is imported as #name: a relative path across packages breaks when either side moves.',
      { path: '^(?:apps|libs|test|bench)/([^/]+)/' },
      { path: LIB_INDEX, pathNot: '^libs/$1/', dependencyTypesNot: ['aliased-subpath-import'] },
    ),
    rule('no-cycles', 'In a cycle no file can be read first.', {}, { circular: true }),
    rule(
      'no-unresolvable',
      'An import of a missing file hides what would break. (A clean clone has not built the client yet.)',
      {},
      { couldNotResolve: true, pathNot: 'libs/client/dist/' },
    ),
    rule(
      'no-undeclared-package',
      'A package that only another package brings disappears with it. (The client has a package.json of its own.)',
      { pathNot: '^libs/client/' },
      { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    ),
    rule(
      'no-dev-package-in-programs',
      'Programs are installed without development dependencies.',
      // The client is a package of its own: frameworks are its optional peers. What the console uses is built into it.
      { path: '^(apps|libs)/', pathNot: [SPEC, '^libs/(testing|client)/', '^apps/console/'] },
      { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^libs/client/dist/' },
    // A type is a dependency too: it says what a file has to know.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      // `types` first: package.json maps #core to the source under that condition, to the build under `default`.
      conditionNames: ['types', 'import', 'require', 'node', 'default'],
      exportsFields: ['exports'],
      extensions: ['.ts', '.tsx', '.js', '.json', '.d.ts'],
    },
  },
};
