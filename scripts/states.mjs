import { runLongTest } from './long-test.mjs';
import { redisServer } from './redis-servers.mjs';

/**
 * `npm run test:states`: what operators read while the upstream fails in every ordinary way, while Redis is away, and while Redis
 * refuses what a program needs. It prints the lines, the freshness and the processor time, and takes five minutes.
 */
await runLongTest(['--selectProjects', 'states', '--runInBand', ...process.argv.slice(2)], {}, redis62);

/** A cluster of it is one of the states. */
async function redis62() {
  return { REDIS_62_BIN: (await redisServer('redis-6.2')).path };
}
