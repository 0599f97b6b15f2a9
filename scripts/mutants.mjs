import { install } from './install.mjs';
import { endOnInterruption } from './interruption.mjs';
import { redisSettings } from './jest.mjs';
import { testMutants } from './mutant-run.mjs';
import { redisBinary } from './redis-binary.mjs';

/**
 * `npm run test:mutants`: makes each planted mistake of `test/mutants`, one at a time, and fails if no test notices it.
 * `MUTANTS_ONLY=lua` takes only the rows whose id or file contains that. `--sample 10` draws that many rows, and
 * `MUTANTS_SEED=7` the same rows as the run that printed `seed 7`.
 */
endOnInterruption();
const at = process.argv.indexOf('--sample');
const sample = at < 0 ? null : Number(process.argv[at + 1]);
const started = Date.now();
try {
  await install();
  const env = { ...process.env, ...redisSettings(await redisBinary()) };
  const { killed, others } = await testMutants({ sample, env });
  console.log(`${killed} killed, ${others} not, in ${Math.round((Date.now() - started) / 1000)} s`);
  process.exit(others === 0 ? 0 : 1);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
