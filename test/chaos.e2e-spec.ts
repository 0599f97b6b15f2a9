import { randomInt } from 'node:crypto';

import { ChaosRun } from './chaos/chaos-run.js';
import { CLIENT_FAULTS } from './chaos/client-faults.js';
import { PROCESS_FAULTS } from './chaos/process-faults.js';
import { REDIS_FAULTS } from './chaos/redis-faults.js';
import { UPSTREAM_FAULTS } from './chaos/upstream-faults.js';

/** `CHAOS_MINUTES`: time of the faults. `CHAOS_SEED`: seed of their choice. `CHAOS_ONLY`: part of the names of the faults. */
const { CHAOS_MINUTES, CHAOS_SEED, CHAOS_ONLY } = process.env;
const forMs = Number(CHAOS_MINUTES ?? 1) * 60_000;
/** `npm run test:chaos` sets `CHAOS_MINUTES`. It may use the whole machine, so recovery times are judged. */
const isAskedFor = CHAOS_MINUTES !== undefined;
/** Longest start and end of a run, and longest wait for the last messages. */
const AROUND_MS = 240_000 + forMs;
const FAULTS = [...UPSTREAM_FAULTS, ...PROCESS_FAULTS, ...REDIS_FAULTS, ...CLIENT_FAULTS];

describe('chaos', () => {
  it(
    'loses and doubles no message and keeps their order during faults',
    async () => {
      const seed = Number(CHAOS_SEED ?? randomInt(1, 1_000_000));
      const say = (line: string) => process.stderr.write(`chaos  ${line}\n`);
      const faults = FAULTS.filter(({ name, lingers }) => name.includes(CHAOS_ONLY ?? '') && (isAskedFor || !lingers));
      expect(await ChaosRun.of({ seed, forMs, faults, judgesTimes: isAskedFor, say })).toEqual([]);
    },
    forMs + AROUND_MS,
  );
});
