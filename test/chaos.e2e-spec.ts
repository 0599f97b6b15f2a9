import { randomInt } from 'node:crypto';

import { ChaosRun } from './chaos/chaos-run.js';

/** `CHAOS_MINUTES`: how long faults go on; `CHAOS_SEED`: which ones; `CHAOS_ONLY`: those whose names hold this. */
const { CHAOS_MINUTES, CHAOS_SEED, CHAOS_ONLY } = process.env;
const forMs = Number(CHAOS_MINUTES ?? 1) * 60_000;
/** Starting, settling and ending. */
const AROUND_MS = 180_000;

describe('chaos', () => {
  it(
    'loses, doubles and disorders nothing, whatever fails',
    async () => {
      const seed = Number(CHAOS_SEED ?? randomInt(1, 1_000_000));
      const say = (line: string) => process.stderr.write(`chaos  ${line}\n`);
      const wrong = await ChaosRun.of({ seed, forMs, say, ...(CHAOS_ONLY !== undefined && { only: CHAOS_ONLY }) });
      expect(wrong).toEqual([]);
    },
    forMs + AROUND_MS,
  );
});
