import { runLongTest } from './long-test.mjs';

/**
 * `npm run test:cluster`: a Redis Cluster of three masters and three replicas, whose slots move and whose masters are killed
 * while messages flow. Each step says for how long no message arrived; exits non-zero unless all is well.
 */
await runLongTest(['--selectProjects', 'cluster', '--runInBand']);
