import { runLongTest } from './long-test.mjs';

/**
 * `npm run test:streams`: the reading cases of the conformance suite of Durable Streams, with those that draw cases and send
 * much. `npm test` runs the others.
 */
await runLongTest(['--selectProjects', 'unit', '--testPathPatterns', 'durable/conformance'], { STREAMS_WHOLE: '1' });
