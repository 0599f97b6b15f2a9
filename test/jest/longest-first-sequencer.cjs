const { existsSync } = require('node:fs');
const { createRequire } = require('node:module');
const { join } = require('node:path');

// What jest itself depends on need not be at the top of node_modules.
const ofJest = createRequire(createRequire(require.resolve('jest')).resolve('@jest/core'));
const { default: Sequencer } = ofJest('@jest/test-sequencer');

/**
 * The files that take longest. Of unit tests, those come first that wait for most of their time, so that `fair-share`,
 * `unknown-tickets` and `lost-keys`, which measure how long something takes, begin beside them. Those that compute
 * follow, so that processors are not idle at the end.
 */
const LONGEST = [
  'test/own-faults.e2e-spec.ts',
  'test/chaos.e2e-spec.ts',
  'test/console.e2e-spec.ts',
  'test/not-polled.e2e-spec.ts',
  'test/signals.e2e-spec.ts',
  'test/quirks.e2e-spec.ts',
  'test/shared-poll.e2e-spec.ts',
  'test/closing.e2e-spec.ts',
  'test/failover.e2e-spec.ts',
  'test/upstream-faults.e2e-spec.ts',
  'test/firewall.e2e-spec.ts',
  'apps/worker/test/fair-share.spec.ts',
  'apps/worker/test/unknown-tickets.spec.ts',
  'apps/gateway/src/http/unauthenticated.spec.ts',
  'apps/gateway/src/session/connection-counts.spec.ts',
  'apps/gateway/src/auth/jwt-verifier.spec.ts',
  'apps/gateway/src/session/replaced.spec.ts',
  'apps/worker/test/lost-keys.spec.ts',
  'apps/gateway/src/ws/goodbye.spec.ts',
  'apps/gateway/src/http/http.adapter.spec.ts',
  'apps/worker/test/long-life.spec.ts',
  'apps/gateway/src/auth/rights-matrix.spec.ts',
  'apps/gateway/src/auth/existence.spec.ts',
  'apps/worker/test/upgrade.spec.ts',
  'apps/gateway/src/durable/conformance.spec.ts',
  'libs/core/src/polling/poll-cycle.property.spec.ts',
  'libs/core/src/fan-out/hub.property.spec.ts',
  'test/contract/redis-needs.spec.ts',
  'apps/gateway/src/sse/sse-endpoint.spec.ts',
  'apps/gateway/src/ws/events.gateway.spec.ts',
];

/**
 * A long file that begins last is waited for alone. jest knows what took long only from its earlier runs on the same machine;
 * without one it takes large files first, and the longest are small.
 */
module.exports = class LongestFirstSequencer extends Sequencer {
  sort(tests) {
    const gone = LONGEST.filter((file) => !existsSync(join(__dirname, '../..', file)));
    if (gone.length > 0) throw new Error(`the longest-first sequencer names ${gone.join(' and ')}, which is not there`);
    const place = ({ path }) => LONGEST.findLastIndex((file) => path.endsWith(file));
    const after = (test) => (place(test) < 0 ? LONGEST.length : place(test));
    return [...super.sort(tests)].sort((a, b) => after(a) - after(b));
  }
};
