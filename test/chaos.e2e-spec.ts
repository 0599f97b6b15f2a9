import { randomInt } from 'node:crypto';

import { ChaosRun } from './chaos/chaos-run.js';
import { CLIENT_FAULTS } from './chaos/client-faults.js';
import { PROCESS_FAULTS } from './chaos/process-faults.js';
import { REDIS_FAULTS } from './chaos/redis-faults.js';
import { UPSTREAM_FAULTS } from './chaos/upstream-faults.js';

/** `CHAOS_MINUTES`: how long faults go on; `CHAOS_SEED`: which ones; `CHAOS_ONLY`: those whose names hold this. */
const { CHAOS_MINUTES, CHAOS_SEED, CHAOS_ONLY } = process.env;
const forMs = Number(CHAOS_MINUTES ?? 1) * 60_000;
/** A run that somebody asked for may have the machine to itself, and take its time; the minute of `npm test` may not. */
const isAskedFor = CHAOS_MINUTES !== undefined;
/** Starting, settling and ending; settling may take as long again as the faults. */
const AROUND_MS = 240_000 + forMs;
const FAULTS = [...UPSTREAM_FAULTS, ...PROCESS_FAULTS, ...REDIS_FAULTS, ...CLIENT_FAULTS];

describe('chaos', () => {
  it(
    'loses, doubles and disorders nothing, whatever fails',
    async () => {
      const seed = Number(CHAOS_SEED ?? randomInt(1, 1_000_000));
      const say = (line: string) => process.stderr.write(`chaos  ${line}\n`);
      const faults = FAULTS.filter(({ name, lingers }) => name.includes(CHAOS_ONLY ?? '') && (isAskedFor || !lingers));
      expect(await ChaosRun.of({ seed, forMs, faults, judgesTimes: isAskedFor, say })).toEqual([]);
    },
    forMs + AROUND_MS,
  );
});
