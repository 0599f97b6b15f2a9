import { endToEnd, runLongTest } from './long-test.mjs';

/**
 * `npm run test:fuzz`: bad input at every door for `FUZZ_MINUTES` (5 unless set), drawn by `FUZZ_SEED` (any unless set).
 * The seed and what was wrong are printed; exits non-zero unless all is well.
 */
await runLongTest(endToEnd('test/fuzz.e2e-spec'), { FUZZ_MINUTES: '5' });
