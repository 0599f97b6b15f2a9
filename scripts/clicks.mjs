import { chromiumSettings } from './chromium-binary.mjs';
import { endToEnd, runLongTest } from './long-test.mjs';

/**
 * `npm run test:clicks`: the tests of the console, in which a random person uses it for `CLICK_SECONDS` (60 unless set), with
 * the steps of `CLICK_SEED` (any unless set). Exits non-zero unless all is well.
 */
await runLongTest(endToEnd('test/console.e2e-spec'), { CLICK_SECONDS: '60' }, chromiumSettings);
