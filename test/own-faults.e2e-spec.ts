import { ChaosRun } from './chaos/chaos-run.js';
import { CLIENT_FAULTS } from './chaos/client-faults.js';
import type { Fault } from './chaos/fault.js';
import { PROCESS_FAULTS } from './chaos/process-faults.js';
import { REDIS_FAULTS } from './chaos/redis-faults.js';

const RUN_MS = 300_000;
/** Any seed. It decides only how long each fault lasts and which process it concerns. */
const SEED = 1;
const ROLLING_RESTART = PROCESS_FAULTS.filter(({ name }) => name.startsWith('everything is restarted'));

/** The minute of `chaos` draws its faults. Here each fault happens, while messages flow and clients record. */
describe('nothing is lost, doubled or out of order, and messages flow again', () => {
  it.each<[string, readonly Fault[]]>([
    ['when Redis fails in every way that it can', REDIS_FAULTS],
    ['when processes end, freeze and are restarted, twice', [...PROCESS_FAULTS, ...ROLLING_RESTART]],
    ['when clients are slow, half-open, hasty or all dropped at once', CLIENT_FAULTS],
  ])(
    '%s',
    async (_, faults) => {
      const said: string[] = [];
      const options = { seed: SEED, forMs: null, faults, judgesTimes: false };
      const wrong = await ChaosRun.of({ ...options, say: (line) => said.push(line) });
      expect({ wrong, said: wrong.length > 0 ? said : [] }).toEqual({ wrong: [], said: [] });
    },
    RUN_MS,
  );
});
