import { randomInt } from 'node:crypto';

import { FuzzRun } from './fuzz/fuzz-run.js';
import { useDeployment } from './fixtures/use-deployment.js';

/** `FUZZ_MINUTES`: how long. `FUZZ_SEED`: the attacks of the run that printed this seed. */
const { FUZZ_MINUTES, FUZZ_SEED } = process.env;
const SHORT_MS = 3000;
const forMs = FUZZ_MINUTES === undefined ? SHORT_MS : Number(FUZZ_MINUTES) * 60_000;
/** Longest wait for the last messages, ms. */
const AFTER_MS = 120_000;

describe('fuzzing', () => {
  const deployment = useDeployment({
    settings: {
      POLL_INTERVAL_MS: '50',
      POLL_INTERVAL_MAX_MS: '50',
      // A body has room for 100,000 levels of JSON.
      MAX_CASES_PER_SUBSCRIPTION: '2000',
      // V8 would let the heap grow before it collects garbage. So a leak ends the program, and garbage does not.
      NODE_OPTIONS: '--max-old-space-size=96',
      ADMIN_TOKEN: 'tester:an-admin-token-that-nobody-sends-here',
    },
  });

  it(
    'X1 X2 P1: bad input at every door ends nothing, is no fault of the gateway, and honest clients get each message once',
    async () => {
      const seed = Number(FUZZ_SEED ?? randomInt(1, 1_000_000));
      const say = (line: string) => process.stderr.write(`fuzz  ${line}\n`);
      expect(await FuzzRun.of({ seed, forMs, say }, deployment)).toEqual([]);
    },
    forMs + AFTER_MS,
  );
});
