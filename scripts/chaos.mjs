import { endToEnd, runLongTest } from './long-test.mjs';

/**
 * `npm run test:chaos`: faults of every kind for `CHAOS_MINUTES` (15 unless set), drawn by `CHAOS_SEED` (any unless
 * set). The seed, the faults, the recovery times and the verdict are printed; exits non-zero unless all is well.
 */
await runLongTest(endToEnd('test/chaos.e2e-spec'), { CHAOS_MINUTES: '15' });
