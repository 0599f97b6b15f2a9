import { runConformanceTests } from '@durable-streams/server-conformance-tests';
import { found } from '../../test/streams-conformance/vitest.js';
import { NOT_APPLICABLE } from '../../test/streams-conformance/not-applicable.js';
import { RunningGateway, token } from '../../test/running-gateway.js';
import { WritingSide } from '../../test/streams-conformance/writing-side.js';

// A case waits for the end of a long poll.
jest.mock('./stream-times.js', () => ({ LONG_POLL_MS: 1500, SSE_MS: 60_000, SSE_STEP_MS: 10_000 }));

describe('the conformance suite of Durable Streams', () => {
  let gateway: RunningGateway;
  let side: WritingSide;
  const config = { baseUrl: '' };
  const { fetch: own } = globalThis;
  beforeAll(async () => {
    gateway = await RunningGateway.start({ ALLOWED_ORIGINS: 'https://example.com' });
    side = await WritingSide.start(gateway, await token());
    config.baseUrl = side.url;
    // The errors of Node's fetch are no errors of the realm in which jest runs tests.
    globalThis.fetch = (...wanted) =>
      own(...wanted).catch(({ name, message }: Error) => {
        throw Object.assign(new Error(message), { name });
      });
  });
  afterAll(async () => {
    globalThis.fetch = own;
    await side.stop();
    await gateway.stop();
  });
  runConformanceTests(config);

  it('has the cases that are listed as not applicable', () => {
    const listed = NOT_APPLICABLE.flatMap(({ groups = [], cases = [] }) => [...groups, ...cases]);
    expect(listed.filter((name) => !found.has(name))).toEqual([]);
    expect(new Set(listed).size).toBe(listed.length);
  });
});
