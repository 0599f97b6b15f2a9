import { Conversation } from './chaos/conversation.js';
import { ClusterDeployment } from './cluster/cluster-deployment.js';
import { tokenFor } from './harness/clients/tokens.js';
import { RedisSentinels } from './harness/processes/redis-sentinels.js';
import { SeededRandom } from './harness/seeded-random.js';
import { until } from './harness/until.js';

/** Longest run, and longest time until a replica has taken over, ms. */
const RUN_MS = 600_000;
const FAILOVER_MS = 60_000;

describe('a Redis with sentinels', () => {
  it(
    'loses its master, and its replica takes over, while no message is lost, doubled or out of order',
    async () => {
      const say = (line: string) => void process.stderr.write(`sentinel  ${line}\n`);
      const deployment = await ClusterDeployment.with(await RedisSentinels.start());
      const random = new SeededRandom(1);
      const conversation = await Conversation.begin({ deployment, token: await tokenFor(), random, name: 'sentinel' });
      try {
        const master = await deployment.redis.master();
        const from = Date.now();
        await master.kill();
        await until(async () => (await deployment.redis.master()) !== master, FAILOVER_MS, 'a replica to take over');
        say(`the master is killed: a replica has taken over after ${Date.now() - from} ms`);
        await conversation.flows();
        say(`messages flow ${Date.now() - from} ms after the kill`);
        expect(await conversation.account(1, say)).toEqual([]);
      } finally {
        await conversation.end();
        await deployment.dispose();
      }
    },
    RUN_MS,
  );
});
