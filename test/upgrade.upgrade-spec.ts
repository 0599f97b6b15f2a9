import { Conversation } from './chaos/conversation.js';
import { ClusterDeployment } from './cluster/cluster-deployment.js';
import { tokenFor } from './harness/clients/tokens.js';
import type { Program } from './harness/processes/program.js';
import { RedisServer } from './harness/processes/redis-server.js';
import { ROOT } from './harness/processes/repository.js';
import { SeededRandom } from './harness/seeded-random.js';
import { Absentees } from './upgrade/absentees.js';

/** Longest run, ms. */
const RUN_MS = 600_000;

/** The build of the commit before, which scripts/upgrade.mjs has made. */
function before(): string {
  const folder = process.env['UPGRADE_FROM'];
  if (folder === undefined) throw new Error('npm run test:upgrade builds the release before, and names its folder');
  return folder;
}

type Deployment = ClusterDeployment<RedisServer>;

/** In which order the programs of one kind and of the other are replaced. */
const ORDERS = {
  'workers first': ({ workers, gateways }: Deployment) => [...workers, ...gateways],
  'gateways first': ({ workers, gateways }: Deployment) => [...gateways, ...workers],
};

describe('programs of the release before, which are replaced one by one, and come back', () => {
  const say = (line: string) => void process.stderr.write(`upgrade  ${line}\n`);

  it.each(Object.entries(ORDERS))(
    'leave no message lost, doubled or out of order, and no position unknown: %s',
    async (name, order) => {
      const deployment = await ClusterDeployment.with(await RedisServer.start('--appendonly', 'yes'), before());
      const random = new SeededRandom(1);
      const token = await tokenFor();
      const conversation = await Conversation.begin({ deployment, token, random, name: 'upgrade' });
      const absentees = new Absentees(deployment, conversation.caseIds, token);
      const programs = order(deployment).map(({ program }) => program);
      try {
        await conversation.flows();
        await absentees.visit();
        for (const [step, root] of [
          ['upgrade', ROOT],
          ['rollback', before()],
        ] as const) {
          const from = Date.now();
          for (const program of programs) {
            await replace(program, root);
            await conversation.flows();
          }
          await absentees.visit();
          say(`${name}: ${step} of ${programs.length} programs took ${Date.now() - from} ms`);
        }
        const wrong = await conversation.account(0, (line) => say(`${name}: ${line}`));
        wrong.push(...(await absentees.account(say)));
        if (wrong.length > 0) deployment.programs.forEach((program) => say(program.tail()));
        expect(wrong).toEqual([]);
        const { overlaps } = await deployment.upstream.counters();
        expect(overlaps).toBe(0);
      } finally {
        await conversation.end();
        await deployment.dispose();
      }
    },
    RUN_MS,
  );
});

/** As an operator does: the old process ends in order, then the new one is started. */
async function replace(program: Program, root: string): Promise<void> {
  const ending = await program.stop();
  if (ending !== 0) throw new Error(`${program.name} was stopped and ended with ${ending}\n${program.tail()}`);
  program.runFrom(root);
  await program.start();
}
